export { CaptureError, StartupRecursionError, TimeoutError } from '@conc/core';
export {
	BrokenPoolError,
	CancelledError,
	PoolClosedError,
	PoolFullError,
	PoolRunningError,
	PoolTerminatedError,
	WorkerCrashedError,
} from './errors.js';
export type {
	AsyncMapOptions,
	AsyncOptions,
	ImapOptions,
	MapOptions,
	MapProgress,
	PoolOptions,
	StreamOptions,
	TaskOptions,
} from './options.js';
export { Pool, ThreadPool } from './pool.js';
export { type CurrentTask, currentTask } from './run/current-task.js';
export type { PoolStats } from './schedule/scheduler.js';
export { asCompleted, type Completed } from './settle/as-completed.js';
export { AsyncResult } from './settle/async-result.js';
export { type ReturnWhen, type WaitForOptions, wait } from './settle/wait.js';
export type { Streamed } from './submit/stream.js';
