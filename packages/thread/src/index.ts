export { CaptureError, TimeoutError } from '@conc/core';
export {
	AbandonedLockError,
	Barrier,
	BoundedSemaphore,
	BrokenBarrierError,
	DeadlockError,
	Event,
	type Held,
	Lock,
	LockError,
	RLock,
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
