import { brand } from './brand.js';

/** What the sender was told is wrong with one value, before the path to it is known. */
export class CannotCross extends Error {
	override readonly name = 'CannotCross';
	/** @param reason continues "`x` …": "is a Socket, which cannot be copied"  @param wayOut what to do instead */
	constructor(
		readonly reason: string,
		readonly wayOut: string,
	) {
		super(`it ${reason}\n  → ${wayOut}`);
	}
}
brand(CannotCross, '@conc/core:CannotCross');

/** A function or value cannot cross to another thread or process. Thrown at the call, which sent nothing. */
export class CaptureError extends TypeError {
	override readonly name = 'CaptureError';
	readonly code = 'CONC_CAPTURE';
}
brand(CaptureError, '@conc/core:CaptureError');

/** A wait that had to deliver something ran out of time. (`multiprocessing.TimeoutError`) */
export class TimeoutError extends Error {
	override readonly name = 'TimeoutError';
	readonly code = 'CONC_TIMEOUT';
}
brand(TimeoutError, '@conc/core:TimeoutError');

/** How a thread or process ended. */
export interface Exit {
	/** 0 done, 1 uncaught error, n `process.exit(n)`, -N killed by signal N. */
	readonly exitCode: number;
	/** The signal that ended a process, else null. */
	readonly signalCode: NodeJS.Signals | null;
	readonly reason: 'exit' | 'signal' | 'uncaught' | 'out-of-memory' | 'terminated' | 'failed-to-start';
	/** The end of what a process said on stderr, where that was kept. */
	readonly stderr?: string | undefined;
	/** The uncaught error, where there was one. */
	readonly error?: unknown;
}

/** A thread or process ended before it answered a call. */
export class HostExitError extends Error {
	override readonly name = 'HostExitError';
	readonly code = 'CONC_HOST_EXIT';
	constructor(
		message: string,
		readonly exit: Exit,
		/** The call may have begun to run, so that making it again elsewhere could do something twice. */
		readonly mayHaveRun: boolean,
	) {
		super(message, exit.error === undefined ? undefined : { cause: exit.error });
	}
}
brand(HostExitError, '@conc/core:HostExitError');

/** A thread or process was started, or a call was made, by a module that is just being imported for a worker. */
export class StartupRecursionError extends Error {
	override readonly name = 'StartupRecursionError';
	readonly code = 'CONC_STARTUP_RECURSION';
}
brand(StartupRecursionError, '@conc/core:StartupRecursionError');

/** The other end of a connection does not have the same authkey. (`multiprocessing.AuthenticationError`) */
export class AuthenticationError extends Error {
	override readonly name = 'AuthenticationError';
	readonly code = 'CONC_AUTHENTICATION';
}
brand(AuthenticationError, '@conc/core:AuthenticationError');

/** What was asked for lives in a process that has ended, or cannot be reached any more. */
export class HomeLostError extends Error {
	override readonly name = 'HomeLostError';
	readonly code = 'CONC_HOME_LOST';
}
brand(HomeLostError, '@conc/core:HomeLostError');
