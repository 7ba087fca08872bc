export { CaptureError, StartupRecursionError, TimeoutError } from '@conc/core';
export {
	BrokenPoolError,
	CancelledError,
	PoolClosedError,
	PoolRunningError,
	PoolTerminatedError,
	WorkerCrashedError,
} from './errors.js';
export type { AsyncOptions, ImapOptions, MapOptions, PoolOptions, TaskOptions } from './options.js';
export { Pool, ThreadPool } from './pool.js';
export { AsyncResult } from './settle/async-result.js';
