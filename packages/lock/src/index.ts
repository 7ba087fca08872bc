export type { PatientOptions, SyncWaitOptions, WaitOptions } from '@conc/core';
export { HomeLostError, TimeoutError } from '@conc/core';
export { Barrier, type BarrierOptions } from './barrier/barrier.js';
export { Condition } from './condition/condition.js';
export {
	AbandonedLockError,
	BrokenBarrierError,
	DeadlockError,
	LockError,
	QueueEmptyError,
	QueueFullError,
	QueueShutDownError,
} from './errors.js';
export { Event } from './event.js';
export type { Held } from './held.js';
export type { NameOptions } from './layout.js';
export { Lock, type LockOptions } from './lock/lock.js';
export type { ReadLock } from './lock/read-lock.js';
export { RLock } from './lock/rlock.js';
export { RWLock } from './lock/rwlock.js';
export type { WriteLock } from './lock/write-lock.js';
export { LifoQueue, PriorityQueue, Queue, type QueueOptions } from './queue/queue.js';
export { BoundedSemaphore, Semaphore, type SemaphoreOptions } from './semaphore/semaphore.js';
export type { BitKind, Kinds, NumericKind, Views } from './value/kinds.js';
export { SharedArray } from './value/shared-array.js';
export { SharedValue } from './value/shared-value.js';
export { Circle, LONG_MS } from './wait/circle.js';
