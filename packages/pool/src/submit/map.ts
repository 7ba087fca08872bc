import { checkObject, ItemError, kindOf, makeMapCall, prepare, readTimeout } from '@conc/core';
import { type MapOptions, positiveInteger } from '../options.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { chunksOf, defaultChunksize } from './chunks.js';
import { callSite } from './site.js';
import { checkTarget, type Target } from './target.js';
import { signalOf, Task } from './task.js';

export type Mode = 'map' | 'starmap';

/** Sends all items in chunks, and gives their results in the order of the items, or the first error. */
export function submitMap(
	scheduler: Scheduler,
	fn: Target,
	input: Iterable<unknown>,
	mode: Mode,
	options: MapOptions,
): Promise<unknown[]> {
	scheduler.check();
	checkTarget(fn);
	checkObject('options', options);
	readTimeout(options);
	const signal = signalOf(options);
	if (signal?.aborted) return callersRejection(signal.reason);
	const { medium } = scheduler;
	const items = itemsOf(input);
	if (mode === 'starmap') checkLists(items);
	const size = positiveInteger(
		'chunksize',
		options.chunksize,
		defaultChunksize(items.length, scheduler.size),
	);
	const prepared = prepare(fn, medium);
	const site = callSite(submitMap);
	const calls = chunksOf(items, size).map((chunk) => ({
		...makeMapCall(prepared, chunk, mode, medium),
		site,
	}));
	const tasks = calls.map((call) => new Task(call, options));
	for (const task of tasks) scheduler.submit(task, options);
	const results = Promise.all(tasks.map(({ promise }) => promise as Promise<unknown[]>)).then(
		(chunks) => chunks.flat(1),
		(error) => {
			throw error instanceof ItemError ? error.error : error;
		},
	);
	for (const task of tasks) {
		task.promise.catch(() => {
			if (task.isCallers) results.catch(() => {});
		});
	}
	void Promise.allSettled(tasks.map(({ promise }) => promise)).then(() => scheduler.release(prepared));
	return results;
}

function itemsOf(input: Iterable<unknown>): unknown[] {
	if (typeof input === 'object' && input !== null && Symbol.asyncIterator in input)
		throw new TypeError('map takes all items at once, so they cannot be asynchronous: use imap');
	if (typeof Object(input)[Symbol.iterator] !== 'function')
		throw new TypeError(`items must be iterable, not ${kindOf(input)}`);
	return [...input];
}

function checkLists(items: readonly unknown[]): void {
	for (const [at, item] of items.entries())
		if (!Array.isArray(item))
			throw new TypeError(`items[${at}] must be an array of arguments, not ${kindOf(item)}`);
}

/** A rejection the caller has made, which is nobody's unhandled one. */
function callersRejection(reason: unknown): Promise<never> {
	const rejected = Promise.reject(reason);
	rejected.catch(() => {});
	return rejected;
}
