import { follow } from './aborts.js';
import { TimeoutError } from './errors.js';
import { checkObject, kindOf } from './kind.js';

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

/** The longest time Node's timers can take; what is longer waits for ever, where Node would wrap to 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** The time limit in milliseconds, `Infinity` for none. Throws on what is not a time. */
export function readTimeout(options: SyncWaitOptions | undefined): number {
	checkObject('options', options, 'such as { timeout: 1000 }');
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
	checkObject('options', options, 'such as { signal }');
	const signal: unknown = options?.signal;
	if (signal === undefined || signal instanceof AbortSignal) return signal;
	throw new TypeError(`signal must be an AbortSignal, not ${kindOf(signal)}`);
}

/** Waits until a promise settles: true when it has, false when time was up. Leaves no timer and no listener behind. */
export async function waitFor(promise: Promise<unknown>, options: WaitOptions | undefined): Promise<boolean> {
	const timeout = readTimeout(options);
	const signal = readSignal(options);
	signal?.throwIfAborted();
	const settled = promise.then(
		() => true,
		() => true,
	);
	let stop = () => {};
	const cut = new Promise<boolean>((resolve, reject) => {
		const timer = timeout <= LONGEST_MS ? setTimeout(resolve, timeout, false) : undefined;
		const unfollow = signal && follow(signal, () => reject(signal.reason));
		stop = () => {
			clearTimeout(timer);
			unfollow?.();
		};
	});
	try {
		return await Promise.race([settled, cut]);
	} finally {
		stop();
	}
}

/** The value of a promise, unless time is up first: then rejects with TimeoutError, and the promise goes on. */
export async function deliver<T>(
	promise: Promise<T>,
	options: WaitOptions | undefined,
	what: string,
): Promise<T> {
	if (await waitFor(promise, options)) return promise;
	throw new TimeoutError(`${what} was not there within ${options?.timeout} ms`);
}
