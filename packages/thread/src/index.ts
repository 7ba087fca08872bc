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
export { currentThread, getIdent, getNativeId, mainThread } from './current.js';
export { activeCount, enumerate } from './enumerate.js';
export { ThreadError, ThreadExitError } from './errors.js';
export { type Excepthook, setExcepthook, type Uncaught } from './excepthook.js';
export { ThreadHandle } from './handle.js';
export type { ThreadOptions } from './options.js';
export { Thread } from './thread.js';
export { runTimer, Timer } from './timer.js';
