import { checkChoice, checkObject, type WaitOptions, waitFor } from '@conc/core';
import { promisesOf } from './promises.js';

/** What is waited for: that all are settled, that one is, or that one is rejected - or all are settled. */
export type ReturnWhen = 'allCompleted' | 'firstCompleted' | 'firstException';

export interface WaitForOptions extends WaitOptions {
	/** `allCompleted` when left out. */
	readonly returnWhen?: ReturnWhen | undefined;
}

/**
 * Waits for several results, and tells which of them are settled then, in the order given. It resolves as well when
 * `timeout` milliseconds are over; rejects only with `signal.reason` when aborted. (`concurrent.futures.wait`)
 */
export async function wait<P extends PromiseLike<unknown>>(
	results: Iterable<P>,
	options: WaitForOptions = {},
): Promise<{ done: P[]; notDone: P[] }> {
	checkObject('options', options);
	const { returnWhen = 'allCompleted' } = options;
	checkChoice('returnWhen', Object.keys(enough), returnWhen);
	const isEnough = enough[returnWhen];
	const promises = [...new Set(promisesOf(results))];
	const settled = new Set<P>();
	const enoughSettled = new Promise<void>((resolve) => {
		const settle = (promise: P, isRejected: boolean) => {
			settled.add(promise);
			if (settled.size === promises.length || isEnough(isRejected)) resolve();
		};
		for (const promise of promises) {
			promise.then(
				() => settle(promise, false),
				() => settle(promise, true),
			);
		}
		if (promises.length === 0) resolve();
	});
	await waitFor(enoughSettled, options);
	return {
		done: promises.filter((promise) => settled.has(promise)),
		notDone: promises.filter((promise) => !settled.has(promise)),
	};
}

/** Whether one that is settled in this way is enough. */
const enough: Record<ReturnWhen, (isRejected: boolean) => boolean> = {
	allCompleted: () => false,
	firstCompleted: () => true,
	firstException: (isRejected) => isRejected,
};
