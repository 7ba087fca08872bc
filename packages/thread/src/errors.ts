import { brand, type Exit } from '@conc/core';

/** A thread was used in a way its state does not allow: started twice, joined before its start. */
export class ThreadError extends Error {
	override readonly name = 'ThreadError';
	readonly code = 'CONC_THREAD';
}
brand(ThreadError, '@conc/thread:ThreadError');

/** A thread ended before its target returned: it was terminated, called `process.exit` or ran out of memory. */
export class ThreadExitError extends Error {
	override readonly name = 'ThreadExitError';
	readonly code = 'CONC_THREAD_EXIT';
	constructor(
		message: string,
		readonly exit: Exit,
	) {
		super(message, exit.error === undefined ? undefined : { cause: exit.error });
	}
}
brand(ThreadExitError, '@conc/thread:ThreadExitError');
