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
	activeChildren,
	type CurrentProcess,
	cpuCount,
	currentProcess,
	type ParentProcess,
	parentProcess,
} from './current.js';
export { ProcessError, ProcessExitError } from './errors.js';
export type { ProcessOptions } from './options.js';
export { Process } from './process.js';
