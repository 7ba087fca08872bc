/** How long a blocking wait may last. */
export interface SyncWaitOptions {
	/** Milliseconds; 0 now or not at all, left out: for ever. */
	readonly timeout?: number | undefined;
}

/** How long an asynchronous wait may last, and what ends it early. */
export interface WaitOptions extends SyncWaitOptions {
	/** Aborting it rejects the wait with `signal.reason`. */
	readonly signal?: AbortSignal | undefined;
}

/** A wait that has no time limit. */
export interface PatientOptions {
	readonly timeout?: undefined;
	/** Aborting it rejects the wait with `signal.reason`. */
	readonly signal?: AbortSignal | undefined;
}

/** The time limit in milliseconds, `Infinity` for none. */
export function readTimeout(options: SyncWaitOptions | undefined): number {
	const timeout: unknown = options?.timeout;
	if (timeout === undefined) return Number.POSITIVE_INFINITY;
	if (typeof timeout !== 'number') {
		throw new TypeError(`timeout must be a number of milliseconds, not ${kindOf(timeout)}`);
	}
	if (!(timeout >= 0)) throw new RangeError(`timeout must be 0 or more milliseconds, not ${timeout}`);
	return timeout;
}

/** The signal, if it is one. */
export function readSignal(options: WaitOptions | undefined): AbortSignal | undefined {
	const signal: unknown = options?.signal;
	if (signal === undefined || signal instanceof AbortSignal) return signal;
	throw new TypeError(`signal must be an AbortSignal, not ${kindOf(signal)}`);
}

function kindOf(value: unknown): string {
	return value === null ? 'null' : `a ${typeof value}`;
}
