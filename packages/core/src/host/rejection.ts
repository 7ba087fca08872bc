import { placeOf } from '../capture/place.js';
import type { PartialResult } from '../channel/protocol.js';
import { type Exit, HostExitError } from '../errors.js';
import type { Call } from './call.js';
import { userFrames } from './frames.js';

// What calls are rejected with: an error they threw, or the end of their host.

/** An item of a `map` failed. Between host and pool; users see the error itself. */
export class ItemError {
	/** @param done the results of the items before it */
	constructor(
		readonly done: readonly unknown[],
		readonly error: unknown,
	) {}
}

/** What a call is rejected with that has answered with a failure. */
export function rejectionOf(call: Call, answer: unknown, host: string): unknown {
	if (call.mode === 'apply' || call.mode === 'stream') return withCallSite(answer, call, host);
	const { done, error } = answer as PartialResult;
	return new ItemError(done, withCallSite(error, call, host));
}

/** An error from afar shows where it happened, and below it where the call was made. */
function withCallSite(error: unknown, { site }: Call, host: string): unknown {
	if (!(error instanceof Error) || typeof site.stack !== 'string') return error;
	const frames = userFrames(site.stack);
	if (frames.length === 0) return error;
	const stack = `${error.stack}\n    in ${host}, called from:\n${frames.join('\n')}`;
	Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
	return error;
}

/** What a call is rejected with that the host has not answered before it ended in this way. */
export function exitErrorOf({ fn }: Call, host: string, exit: Exit, mayHaveRun: boolean): HostExitError {
	const message = `${host} ${howItEnded(exit)} before ${placeOf(fn)} was done`;
	return new HostExitError(message, exit, mayHaveRun);
}

/** "ended by SIGKILL", as messages put it. */
export function howItEnded({ reason, exitCode, signalCode, error, stderr }: Exit): string {
	const why = error instanceof Error ? `: ${error.message}` : '';
	switch (reason) {
		case 'out-of-memory':
			return 'ran out of memory';
		case 'terminated':
			return 'was terminated';
		case 'failed-to-start':
			return `did not start${why}`;
		case 'uncaught':
			return 'ended by an uncaught error';
		case 'signal':
			// V8 aborts when the heap is full, and says so only on stderr.
			if (signalCode === 'SIGABRT' && stderr === undefined)
				return 'was ended by SIGABRT (as by running out of memory)';
			return `was ended by ${signalCode}${why}`;
		case 'exit':
			return `exited with code ${exitCode}${why}`;
	}
}
