import { kindOf } from '@conc/core';

/** Several results as an array. Throws a TypeError on what is none. */
export function promisesOf<P extends PromiseLike<unknown>>(results: Iterable<P>): P[] {
	if (typeof Object(results)[Symbol.iterator] !== 'function')
		throw new TypeError(`results must be iterable, not ${kindOf(results)}`);
	const promises = [...results];
	const wrong = promises.findIndex((promise) => typeof Object(promise).then !== 'function');
	if (wrong !== -1)
		throw new TypeError(`results[${wrong}] must be a promise, not ${kindOf(promises[wrong])}`);
	return promises;
}
