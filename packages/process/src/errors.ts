import { brand, type Exit } from '@conc/core';

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
