import { brand, type Exit } from '@conc/core';

/** A call was made to a pool that was closed or terminated. */
export class PoolClosedError extends Error {
	override readonly name = 'PoolClosedError';
	readonly code = 'CONC_POOL_CLOSED';
}
brand(PoolClosedError, '@conc/pool:PoolClosedError');

/** As many tasks wait as `maxQueue` allows; nothing of the call was taken. */
export class PoolFullError extends Error {
	override readonly name = 'PoolFullError';
	readonly code = 'CONC_POOL_FULL';
}
brand(PoolFullError, '@conc/pool:PoolFullError');

/** `join()` was called on a pool that was neither closed nor terminated. */
export class PoolRunningError extends Error {
	override readonly name = 'PoolRunningError';
	readonly code = 'CONC_POOL_RUNNING';
}
brand(PoolRunningError, '@conc/pool:PoolRunningError');

/** The pool was terminated before the task was done. Never an unhandled rejection. */
export class PoolTerminatedError extends Error {
	override readonly name = 'PoolTerminatedError';
	readonly code = 'CONC_POOL_TERMINATED';
}
brand(PoolTerminatedError, '@conc/pool:PoolTerminatedError');

/** The task was cancelled before it was done. Never an unhandled rejection. */
export class CancelledError extends Error {
	override readonly name = 'CancelledError';
	readonly code = 'CONC_CANCELLED';
}
brand(CancelledError, '@conc/pool:CancelledError');

/** The worker that ran the task died. It has been replaced; no other task was touched. */
export class WorkerCrashedError extends Error {
	override readonly name = 'WorkerCrashedError';
	readonly code = 'CONC_WORKER_CRASHED';
	/** 0 or n for `process.exit(n)`, 1 for an uncaught error, -N for signal N. */
	readonly exitCode: number;
	readonly signalCode: NodeJS.Signals | null;
	readonly reason: Exit['reason'];
	/** The end of what the worker process said on stderr when it died; empty for threads. */
	readonly stderr: string;
	/** @param workerId the pid of a process, the `threadId` of a thread  @param task its name; empty when it ran none */
	constructor(
		message: string,
		exit: Exit,
		readonly workerId: number,
		readonly task: string,
	) {
		super(message, exit.error === undefined ? undefined : { cause: exit.error });
		this.exitCode = exit.exitCode;
		this.signalCode = exit.signalCode;
		this.reason = exit.reason;
		this.stderr = exit.stderr ?? '';
	}
}
brand(WorkerCrashedError, '@conc/pool:WorkerCrashedError');

/** The pool's workers die over and over, or its initializer fails; its `cause` says why. It takes no more tasks. */
export class BrokenPoolError extends Error {
	override readonly name = 'BrokenPoolError';
	readonly code = 'CONC_BROKEN_POOL';
}
brand(BrokenPoolError, '@conc/pool:BrokenPoolError');
