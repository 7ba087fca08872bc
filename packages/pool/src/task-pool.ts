import { availableParallelism } from 'node:os';
import { CannotCross, type Medium, placeOf, share } from '@conc/core';
import { CancelledError, PoolRunningError } from './errors.js';
import {
	type AsyncMapOptions,
	type AsyncOptions,
	checkSettings,
	type ImapOptions,
	type MapOptions,
	type PoolSettings,
	positiveInteger,
	type StreamOptions,
	type TaskOptions,
} from './options.js';
import { type PoolStats, Scheduler } from './schedule/scheduler.js';
import { AsyncResult, type Pending } from './settle/async-result.js';
import { block, taken } from './settle/block.js';
import { NONE, submitTask } from './submit/apply.js';
import { Callbacks } from './submit/callbacks.js';
import { submitImap } from './submit/imap.js';
import { type Mode, submitMap } from './submit/map.js';
import { type Streamed, submitStream } from './submit/stream.js';
import type { Target } from './submit/target.js';

/** What Pool and ThreadPool have in common: all but where their workers live. */
export abstract class TaskPool {
	readonly #scheduler: Scheduler;
	readonly #name: string | undefined;

	/** @internal */
	constructor(medium: Medium, workers: number | PoolSettings | undefined) {
		const settings = typeof workers === 'object' && workers !== null ? workers : { workers };
		checkSettings(settings);
		const size = positiveInteger('workers', settings.workers, availableParallelism());
		this.#name = settings.name;
		this.#scheduler = new Scheduler(medium, size, settings);
	}

	/** How many workers there are at most. */
	get size(): number {
		return this.#scheduler.size;
	}

	/** What it does at the moment, and what it has done. */
	stats(): PoolStats {
		return this.#scheduler.stats;
	}

	/**
	 * Runs a function on a worker and resolves with what it returns. (`Pool.apply`, which blocks)
	 *
	 * The function and its arguments cross as they are now; what cannot cross rejects with a CaptureError. Rejects with
	 * the function's error, with WorkerCrashedError when its worker dies - no other task is touched -, with TimeoutError,
	 * with the reason of `signal`, with PoolClosedError after `close()`.
	 */
	apply<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Promise<Awaited<R>>;
	apply<A extends unknown[], R>(
		fn: (...args: A) => R,
		args: Readonly<A>,
		options?: TaskOptions,
	): Promise<Awaited<R>>;
	apply(fn: Target, args: unknown = [], options: TaskOptions = NONE): Promise<unknown> {
		return attempt(() => submitTask(this.#scheduler, fn, args, options).promise);
	}

	/** The same, as an AsyncResult, which can be asked, waited for and cancelled. (`Pool.apply_async`) */
	applyAsync<R>(fn: () => R, args?: readonly [], options?: AsyncOptions<Awaited<R>>): AsyncResult<Awaited<R>>;
	applyAsync<A extends unknown[], R>(
		fn: (...args: A) => R,
		args: Readonly<A>,
		options?: AsyncOptions<Awaited<R>>,
	): AsyncResult<Awaited<R>>;
	applyAsync(fn: Target, args: unknown = [], options: AsyncOptions<never> = {}): AsyncResult<unknown> {
		try {
			const task = submitTask(this.#scheduler, fn, args, options);
			const cancel = () => this.#scheduler.cancel(task, new CancelledError(`${task.name} was cancelled`));
			return new AsyncResult(task, cancel, this.#block);
		} catch (error) {
			return refused(error, options);
		}
	}

	/**
	 * Runs a function on a worker and returns what it returns, blocking this thread: no turn of its event loop runs
	 * meanwhile. Throws what `apply` rejects with. A `timeout` of the task is kept; a `signal` is heeded only when it is
	 * aborted already, as nothing in this thread can abort it. (`Pool.apply`)
	 */
	applySync<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Awaited<R>;
	applySync<A extends unknown[], R>(
		fn: (...args: A) => R,
		args: Readonly<A>,
		options?: TaskOptions,
	): Awaited<R>;
	applySync(fn: Target, args: unknown = [], options: TaskOptions = {}): unknown {
		return this.#await(submitTask(this.#scheduler, fn, args, options));
	}

	/**
	 * Runs a function on each item and resolves with the results in the order of the items. (`Pool.map`)
	 *
	 * The items are drawn and cross now, in chunks of `chunksize`; what the function captures crosses once. Rejects with
	 * the first error; the other chunks still run.
	 */
	map<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Promise<Awaited<R>[]>;
	map(fn: Target, items: Iterable<unknown>, options: MapOptions = {}): Promise<unknown[]> {
		return attempt(() => submitMap(this.#scheduler, fn, items, 'map', options).promise);
	}

	/** Like `map`, each item being a list of arguments. (`Pool.starmap`) */
	starmap<A extends unknown[], R>(
		fn: (...args: A) => R,
		items: Iterable<Readonly<NoInfer<A>>>,
		options?: MapOptions,
	): Promise<Awaited<R>[]>;
	starmap(fn: Target, items: Iterable<readonly unknown[]>, options: MapOptions = {}): Promise<unknown[]> {
		return attempt(() => submitMap(this.#scheduler, fn, items, 'starmap', options).promise);
	}

	/** `map`, blocking this thread as `applySync` does. (`Pool.map`) */
	mapSync<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Awaited<R>[];
	mapSync(fn: Target, items: Iterable<unknown>, options: MapOptions = {}): unknown {
		return this.#await(submitMap(this.#scheduler, fn, items, 'map', options));
	}

	/** `starmap`, blocking this thread as `applySync` does. (`Pool.starmap`) */
	starmapSync<A extends unknown[], R>(
		fn: (...args: A) => R,
		items: Iterable<Readonly<NoInfer<A>>>,
		options?: MapOptions,
	): Awaited<R>[];
	starmapSync(fn: Target, items: Iterable<readonly unknown[]>, options: MapOptions = {}): unknown {
		return this.#await(submitMap(this.#scheduler, fn, items, 'starmap', options));
	}

	/** `map` with an AsyncResult, which can be asked, waited for and cancelled. (`Pool.map_async`) */
	mapAsync<T, R>(
		fn: (item: T) => R,
		items: Iterable<T>,
		options?: AsyncMapOptions<Awaited<R>[]>,
	): AsyncResult<Awaited<R>[]>;
	mapAsync(
		fn: Target,
		items: Iterable<unknown>,
		options: AsyncMapOptions<never> = {},
	): AsyncResult<unknown[]> {
		return this.#mapAsync(fn, items, 'map', options);
	}

	/** `starmap` with an AsyncResult. (`Pool.starmap_async`) */
	starmapAsync<A extends unknown[], R>(
		fn: (...args: A) => R,
		items: Iterable<Readonly<NoInfer<A>>>,
		options?: AsyncMapOptions<Awaited<R>[]>,
	): AsyncResult<Awaited<R>[]>;
	starmapAsync(
		fn: Target,
		items: Iterable<readonly unknown[]>,
		options: AsyncMapOptions<never> = {},
	): AsyncResult<unknown[]> {
		return this.#mapAsync(fn, items, 'starmap', options);
	}

	/**
	 * Like `map`, but the results come one by one, in the order of the items, while items are still being drawn from an
	 * input that may be endless or asynchronous. (`Pool.imap`)
	 *
	 *     for await (const result of pool.imap(fn, items)) …
	 *
	 * At most `buffersize` items are drawn ahead. An error comes in its place and ends the iteration, as leaving the loop
	 * does: what has not started is cancelled, and the input is closed.
	 */
	imap<T, R>(
		fn: (item: T) => R,
		items: Iterable<T> | AsyncIterable<T>,
		options?: ImapOptions,
	): AsyncIterableIterator<Awaited<R>> {
		return submitImap(this.#scheduler, fn, items, true, options) as AsyncIterableIterator<Awaited<R>>;
	}

	/** The same, the results as they come. (`Pool.imap_unordered`) */
	imapUnordered<T, R>(
		fn: (item: T) => R,
		items: Iterable<T> | AsyncIterable<T>,
		options?: ImapOptions,
	): AsyncIterableIterator<Awaited<R>> {
		return submitImap(this.#scheduler, fn, items, false, options) as AsyncIterableIterator<Awaited<R>>;
	}

	/**
	 * Runs a generator on a worker - or any function that returns what can be iterated - and hands over its items one by
	 * one. At most `buffersize` items are made ahead of the consumer; then the generator waits.
	 *
	 *     for await (const line of pool.stream(readLines, [path])) …
	 *
	 * What the generator throws comes after the items before it. Leaving the loop closes the generator: its `finally` runs,
	 * and its worker is free again; one that does not end within `gracePeriod` is stopped. The items cross as results do.
	 * One that nobody reads on keeps its worker, but neither the program alive nor `join()` waiting.
	 */
	stream<R>(
		fn: () => Streamed<R>,
		args?: readonly [],
		options?: StreamOptions,
	): AsyncIterableIterator<Awaited<R>>;
	stream<A extends unknown[], R>(
		fn: (...args: A) => Streamed<R>,
		args: Readonly<A>,
		options?: StreamOptions,
	): AsyncIterableIterator<Awaited<R>>;
	stream(fn: Target, args: unknown = [], options: StreamOptions = {}): AsyncIterableIterator<unknown> {
		return submitStream(this.#scheduler, fn, args, options);
	}

	/** Takes no more tasks; those it has are done. (`Pool.close`) */
	close(): void {
		this.#scheduler.close();
	}

	/**
	 * Ends the workers at once; tasks that are not done reject with PoolTerminatedError, never unhandled. Resolves when
	 * the workers are gone; need not be awaited. (`Pool.terminate`)
	 */
	terminate(): Promise<void> {
		return this.#scheduler.terminate();
	}

	/**
	 * Resolves when all tasks are done and the workers gone. It does not wait for who reads: an imap or a stream that is read
	 * on after that goes on all the same, and a stream keeps its worker for it. Rejects with PoolRunningError before `close()`. (`Pool.join`)
	 */
	async join(): Promise<void> {
		if (this.#scheduler.state === 'open')
			throw new PoolRunningError('the pool still runs: close() or terminate() it first');
		await this.#scheduler.quiet();
	}

	toString(): string {
		const name = this.#name === undefined ? '' : ` ${JSON.stringify(this.#name)}`;
		return `${this.constructor.name}${name}(${this.size} workers, ${this.#scheduler.state})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	/** Closes the pool and joins it. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.close();
		await this.join();
	}

	/** @internal A task that waited for its own pool, all of whose workers do so, would wait for ever. */
	[share](): never {
		throw new CannotCross(
			`is a ${this.constructor.name}, which only the thread that made it can use`,
			'make a pool of its own inside the function, or submit the calls from where the pool was made',
		);
	}

	readonly #block = (pending: Pending, timeout: number): void => block(this.#scheduler, pending, timeout);

	/** Blocks until it is settled, and gives its value or throws its error. */
	#await(pending: Pending): unknown {
		this.#block(pending, Number.POSITIVE_INFINITY);
		return taken(pending);
	}

	#mapAsync(
		fn: Target,
		items: Iterable<unknown>,
		mode: Mode,
		options: AsyncMapOptions<never>,
	): AsyncResult<unknown[]> {
		try {
			const run = submitMap(this.#scheduler, fn, items, mode, options);
			const cancel = () => run.cancel(new CancelledError(`${placeOf(fn)} was cancelled`));
			return new AsyncResult(run, cancel, this.#block);
		} catch (error) {
			return refused(error, options);
		}
	}
}

/** What is wrong with a call rejects its promise. */
function attempt<T>(submit: () => Promise<T>): Promise<T> {
	try {
		return submit();
	} catch (error) {
		return Promise.reject(error);
	}
}

/** The result of a call that could not be made. */
function refused(
	error: unknown,
	options: { readonly errorCallback?: (error: unknown) => void },
): AsyncResult<never> {
	const promise = Promise.reject<never>(error);
	// They may be what is wrong with the call.
	const { errorCallback } = Object(options) as AsyncOptions<never>;
	const canHandle = typeof errorCallback === 'function';
	if (canHandle && new Callbacks({ errorCallback }).rejected(error)) promise.catch(() => {});
	const outcome = { status: 'rejected', reason: error } as const;
	return new AsyncResult(
		{ promise, state: 'rejected', outcome, isOpening: false },
		() => false,
		() => {},
	);
}
