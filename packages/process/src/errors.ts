import { statSync } from 'node:fs';
import { brand, type Exit } from '@conc/core';
import type { ProcessOptions } from './options.js';

/** A process was used in a way its state does not allow: started twice, joined before its start, used when closed. */
export class ProcessError extends Error {
	override readonly name = 'ProcessError';
	readonly code = 'CONC_PROCESS';
}
brand(ProcessError, '@conc/process:ProcessError');

/** A process ended before its target returned: it was killed, called `process.exit`, crashed or ran out of memory. */
export class ProcessExitError extends Error {
	override readonly name = 'ProcessExitError';
	readonly code = 'CONC_PROCESS_EXIT';
	constructor(
		message: string,
		readonly exit: Exit,
	) {
		super(message, exit.error === undefined ? undefined : { cause: exit.error });
	}
}
brand(ProcessExitError, '@conc/process:ProcessExitError');

/**
 * A connection cannot be made or used: nobody listens at the address, or somebody else does, it was closed here, or
 * what the other end sent is no message.
 */
export class ConnectionError extends Error {
	override readonly name = 'ConnectionError';
	readonly code = 'CONC_CONNECTION';
}
brand(ConnectionError, '@conc/process:ConnectionError');

/** The other end of a connection was closed, or its process has ended. (`EOFError`, `BrokenPipeError`) */
export class EndOfStreamError extends Error {
	override readonly name = 'EndOfStreamError';
	readonly code = 'CONC_END_OF_STREAM';
}
brand(EndOfStreamError, '@conc/process:EndOfStreamError');

/** Says what is wrong where the system refused to start a process, which itself tells only a code. */
export function whyNotStarted({ cwd }: ProcessOptions, cause: unknown): string {
	if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
		return `its working directory ${cwd} is not a directory`;
	}
	if ((cause as { code?: unknown } | undefined)?.code === 'E2BIG') {
		return 'env or execArgv is larger than the system takes: pass big data as an argument of the target';
	}
	const words = cause instanceof Error ? ` (${cause.message})` : '';
	return `see cwd, env and execArgv, and the limits of processes and open files${words}`;
}
