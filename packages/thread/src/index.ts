export { CaptureError, TimeoutError } from '@conc/core';
export {
	AbandonedLockError,
	Barrier,
	BoundedSemaphore,
	BrokenBarrierError,
	Condition,
	DeadlockError,
	Event,
	type Held,
	LifoQueue,
	Lock,
	LockError,
	PriorityQueue,
	Queue,
	QueueEmptyError,
	QueueFullError,
	QueueShutDownError,
	RLock,
	RWLock,
	Semaphore,
	SharedArray,
	SharedValue,
} from '@conc/lock';
export {
	CurrentThread,
	currentThread,
	getIdent,
	getNativeId,
	type MainThread,
	mainThread,
} from './current.js';
export { ThreadError, ThreadExitError } from './errors.js';
export type { ThreadOptions } from './options.js';
export { Thread } from './thread.js';
