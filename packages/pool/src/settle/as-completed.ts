import { readSignal, readTimeout, TimeoutError, type WaitOptions, waitFor } from '@conc/core';
import { promisesOf } from './promises.js';

/** How one of several results turned out, and which of them it is. */
export type Completed<R> = PromiseSettledResult<R> & { readonly index: number };

/**
 * How each of several results turns out, as they settle, for `for await`. A rejected one is not thrown: it comes as
 * `{ status: 'rejected', reason, index }`, and counts as handled. Throws TimeoutError when not all are there within
 * `timeout` milliseconds of the call, and `signal.reason` when aborted; the tasks go on.
 * (`concurrent.futures.as_completed`)
 */
export function asCompleted<P extends PromiseLike<unknown>>(
	results: Iterable<P>,
	options: WaitOptions = {},
): AsyncIterableIterator<Completed<Awaited<P>>> {
	const promises = promisesOf(results);
	const timeout = readTimeout(options);
	const signal = readSignal(options);
	const deadline = performance.now() + timeout;
	const settled: Completed<Awaited<P>>[] = [];
	let wake = () => {};
	for (const [index, promise] of promises.entries()) {
		const settle = (outcome: PromiseSettledResult<Awaited<P>>) => {
			settled.push({ ...outcome, index });
			wake();
		};
		Promise.resolve(promise).then(
			(value) => settle({ status: 'fulfilled', value }),
			(reason) => settle({ status: 'rejected', reason }),
		);
	}
	const next = async (given: number): Promise<Completed<Awaited<P>>> => {
		const left = Math.max(0, deadline - performance.now());
		const come = new Promise<void>((resolve) => {
			wake = resolve;
			if (settled.length > given) resolve();
		});
		const isThere = await waitFor(come, { timeout: left, signal });
		if (isThere || settled.length > given) return settled[given] as Completed<Awaited<P>>;
		const missing = promises.length - settled.length;
		throw new TimeoutError(`${missing} of ${promises.length} results were not there within ${timeout} ms`);
	};
	return (async function* () {
		for (let given = 0; given < promises.length; given++) yield await next(given);
	})();
}
