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
