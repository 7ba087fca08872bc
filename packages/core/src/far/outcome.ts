import type { CallMode, PartialResult } from '../channel/protocol.js';

/** A function that is called. */
export type Target = (...args: unknown[]) => unknown;

/** What is answered: a result, or - of a map with what was done so far - an error. */
export interface Outcome {
	readonly ok: boolean;
	readonly value: unknown;
}

export function isOfItems(mode: CallMode): boolean {
	return mode === 'map' || mode === 'starmap';
}

/** Runs a function on its arguments. */
export async function outcomeOf(fn: Target, args: unknown[]): Promise<Outcome> {
	try {
		return { ok: true, value: await fn(...args) };
	} catch (error) {
		return { ok: false, value: error };
	}
}

/** Runs a function on each item, up to the first that fails. */
export async function runEach(fn: Target, items: unknown[], mode: 'map' | 'starmap'): Promise<Outcome> {
	const done: unknown[] = [];
	try {
		for (const item of items) {
			const result = mode === 'map' ? fn(item) : fn(...(item as unknown[]));
			// Waiting costs a turn of the microtask queue, so only where there is something to wait for.
			done.push(isThenable(result) ? await result : result);
		}
		return { ok: true, value: done };
	} catch (error) {
		const value: PartialResult = { done, error };
		return { ok: false, value };
	}
}

export function isThenable(value: unknown): boolean {
	const canHaveThen = typeof value === 'function' || (typeof value === 'object' && value !== null);
	return canHaveThen && typeof (value as PromiseLike<unknown>).then === 'function';
}
