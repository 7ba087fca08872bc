import { callSite, checkObject, ItemError, kindOf, makeMapCall, prepare, readTimeout } from '@conc/core';
import { type AsyncMapOptions, positiveInteger } from '../options.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { Pending } from '../settle/async-result.js';
import { bound, Callbacks } from './callbacks.js';
import { chunksOf, defaultChunksize } from './chunks.js';
import { checkTarget, type Target } from './target.js';
import { type Outcome, readPriority, signalOf, Task } from './task.js';

export type Mode = 'map' | 'starmap';

/** A map on its way. */
export interface MapRun extends Pending {
	readonly promise: Promise<unknown[]>;
	/** Rejects it, as `Scheduler.cancel` does with each of its chunks. False when it was settled before. */
	cancel(reason: unknown): boolean;
}

/** Sends all items in chunks, and gives their results in the order of the items, or the first error. */
export function submitMap(
	scheduler: Scheduler,
	fn: Target,
	input: Iterable<unknown>,
	mode: Mode,
	options: AsyncMapOptions<never>,
): MapRun {
	scheduler.check();
	checkTarget(fn);
	checkObject('options', options);
	readTimeout(options);
	readPriority(options);
	const callbacks = new Callbacks(options);
	const report = bound('onProgress', options.onProgress);
	const signal = signalOf(options);
	if (signal?.aborted) return abortedRun(signal.reason, callbacks);
	const { medium } = scheduler;
	const items = itemsOf(input);
	if (mode === 'starmap') checkLists(items);
	const size = positiveInteger(
		'chunksize',
		options.chunksize,
		defaultChunksize(items.length, scheduler.size),
	);
	const chunks = chunksOf(items, size);
	scheduler.checkRoom(chunks.length);
	scheduler.expect();
	const prepared = prepare(fn, medium);
	const site = callSite(submitMap);
	const settings = { ...options, callback: undefined, errorCallback: undefined, onProgress: undefined };
	const tasks = chunks.map((chunk) => new Task(makeMapCall(prepared, chunk, mode, medium, site), settings));
	let done = 0;
	for (const [at, task] of tasks.entries()) {
		scheduler.submit(task, options);
		if (report === undefined) continue;
		const { length } = chunks[at] as unknown[];
		const progress = () => {
			done += length;
			const { length: total } = items;
			const now = { done, total };
			queueMicrotask(() => report(now));
		};
		task.promise.then(progress, () => {});
	}
	const run = new Run(scheduler, tasks, callbacks);
	void Promise.allSettled(tasks.map(({ promise }) => promise)).then(() => scheduler.release(prepared));
	return run;
}

class Run implements MapRun {
	readonly promise: Promise<unknown[]>;
	#settled: 'fulfilled' | 'rejected' | null = null;
	readonly #scheduler: Scheduler;
	readonly #tasks: readonly Task[];

	constructor(scheduler: Scheduler, tasks: readonly Task[], callbacks: Callbacks) {
		this.#scheduler = scheduler;
		this.#tasks = tasks;
		this.promise = Promise.all(tasks.map(({ promise }) => promise as Promise<unknown[]>)).then(
			(chunks) => {
				const results = joined(chunks);
				this.#settled = 'fulfilled';
				callbacks.fulfilled(results);
				return results;
			},
			(failure) => {
				const error = errorOf(failure);
				this.#settled = 'rejected';
				if (callbacks.rejected(error) || tasks.some(({ isCallers }) => isCallers))
					this.promise.catch(() => {});
				throw error;
			},
		);
	}

	get outcome(): Outcome<unknown[]> | null {
		const failed = this.#tasks.find(({ outcome }) => outcome?.status === 'rejected');
		if (failed?.outcome?.status === 'rejected')
			return { status: 'rejected', reason: errorOf(failed.outcome.reason) };
		if (this.#tasks.some(({ outcome }) => outcome === null)) return null;
		const chunks = this.#tasks.map(({ outcome }) => (outcome as { value: unknown[] }).value);
		return { status: 'fulfilled', value: joined(chunks) };
	}

	get isOpening(): boolean {
		return this.#tasks.some(({ isOpening, isSettled }) => isOpening && !isSettled);
	}

	get state(): Pending['state'] {
		if (this.#settled !== null) return this.#settled;
		return this.#tasks.some(({ state }) => state !== 'queued') ? 'running' : 'queued';
	}

	cancel(reason: unknown): boolean {
		if (this.#settled !== null) return false;
		for (const task of this.#tasks) this.#scheduler.cancel(task, reason);
		return true;
	}
}

/** `flat` takes ten times as long. */
function joined(chunks: readonly unknown[][]): unknown[] {
	const all: unknown[] = [];
	for (const chunk of chunks) for (const item of chunk) all.push(item);
	return all;
}

function errorOf(failure: unknown): unknown {
	return failure instanceof ItemError ? failure.error : failure;
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

/** A map the caller has aborted before, which is nobody's unhandled rejection. */
function abortedRun(reason: unknown, callbacks: Callbacks): MapRun {
	const promise = Promise.reject(reason);
	promise.catch(() => {});
	callbacks.rejected(reason);
	return {
		promise,
		state: 'rejected',
		outcome: { status: 'rejected', reason },
		isOpening: false,
		cancel: () => false,
	};
}
