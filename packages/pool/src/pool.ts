import { availableParallelism } from 'node:os';
import { type Call, ItemError, makeCall, makeMapCall, type Prepared, prepare } from '@conc/core';
import { CancelledError, PoolRunningError } from './errors.js';
import {
	type AsyncOptions,
	type ImapOptions,
	kindOf,
	type MapOptions,
	type PoolOptions,
	positiveInteger,
	type TaskOptions,
} from './options.js';
import type { Medium } from './run/worker.js';
import { Scheduler } from './schedule/scheduler.js';
import { AsyncResult } from './settle/async-result.js';
import { ImapIterator } from './settle/imap.js';
import { chunksOf, defaultChunksize } from './submit/chunks.js';
import { Task } from './submit/task.js';

type Target = (...args: never[]) => unknown;
type Mode = 'map' | 'starmap';

/** What Pool and ThreadPool have in common: all but where their workers live. */
export abstract class TaskPool {
	readonly #scheduler: Scheduler;

	/** @internal */
	constructor(medium: Medium, workers: number | PoolOptions | undefined) {
		const options = typeof workers === 'object' && workers !== null ? workers : { workers };
		if (options.initializer !== undefined && typeof options.initializer !== 'function') {
			throw new TypeError(`initializer must be a function, not ${kindOf(options.initializer)}`);
		}
		this.#scheduler = new Scheduler(
			medium,
			positiveInteger('workers', options.workers, availableParallelism()),
			options,
		);
	}

	/** How many workers there are at most. */
	get size(): number {
		return this.#scheduler.size;
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
	async apply(fn: Target, args: unknown = [], options: TaskOptions = {}): Promise<unknown> {
		return this.#submit(fn, args, options).promise;
	}

	/** The same, as an AsyncResult, which can be asked, waited for and cancelled. (`Pool.apply_async`) */
	applyAsync<R>(fn: () => R, args?: readonly [], options?: AsyncOptions<Awaited<R>>): AsyncResult<Awaited<R>>;
	applyAsync<A extends unknown[], R>(
		fn: (...args: A) => R,
		args: Readonly<A>,
		options?: AsyncOptions<Awaited<R>>,
	): AsyncResult<Awaited<R>>;
	applyAsync(fn: Target, args: unknown = [], options: AsyncOptions<never> = {}): AsyncResult<unknown> {
		let task: Task | undefined;
		const start = async () => {
			task = this.#submit(fn, args, options);
			return task.promise;
		};
		const promise = start();
		callBack(promise, options);
		const reason = () => new CancelledError(`${task?.name} was cancelled`);
		return new AsyncResult(promise, () => {
			const isCancelled = task !== undefined && this.#scheduler.cancel(task, reason());
			if (isCancelled) promise.catch(() => {});
			return isCancelled;
		});
	}

	/**
	 * Runs a function on each item and resolves with the results in the order of the items. (`Pool.map`)
	 *
	 * The items are drawn and cross now, in chunks of `chunksize`; what the function captures crosses once. Rejects with
	 * the first error; the other chunks still run.
	 */
	map<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Promise<Awaited<R>[]>;
	async map(fn: Target, items: Iterable<unknown>, options: MapOptions = {}): Promise<unknown[]> {
		return this.#map(fn, items, 'map', options);
	}

	/** Like `map`, each item being a list of arguments. (`Pool.starmap`) */
	starmap<A extends unknown[], R>(
		fn: (...args: A) => R,
		items: Iterable<Readonly<NoInfer<A>>>,
		options?: MapOptions,
	): Promise<Awaited<R>[]>;
	async starmap(
		fn: Target,
		items: Iterable<readonly unknown[]>,
		options: MapOptions = {},
	): Promise<unknown[]> {
		return this.#map(fn, items, 'starmap', options);
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
		return this.#imap(fn, items, true, options) as AsyncIterableIterator<Awaited<R>>;
	}

	/** The same, the results as they come. (`Pool.imap_unordered`) */
	imapUnordered<T, R>(
		fn: (item: T) => R,
		items: Iterable<T> | AsyncIterable<T>,
		options?: ImapOptions,
	): AsyncIterableIterator<Awaited<R>> {
		return this.#imap(fn, items, false, options) as AsyncIterableIterator<Awaited<R>>;
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

	/** Resolves when all tasks are done and the workers gone. Rejects with PoolRunningError before `close()`. (`Pool.join`) */
	async join(): Promise<void> {
		if (this.#scheduler.state === 'open')
			throw new PoolRunningError('the pool still runs: close() or terminate() it first');
		await this.#scheduler.gone();
	}

	toString(): string {
		return `${this.constructor.name}(${this.size} workers, ${this.#scheduler.state})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	/** Closes the pool and joins it. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.close();
		await this.join();
	}

	#submit(fn: Target, args: unknown, options: TaskOptions): Task {
		this.#scheduler.check();
		refuseGenerator(fn);
		if (!Array.isArray(args)) throw new TypeError(`args must be an array, not ${kindOf(args)}`);
		const call = makeCall(fn, args, this.#scheduler.medium, { transfer: options.transfer });
		const task = new Task(call, options);
		this.#scheduler.submit(task, options);
		return task;
	}

	async #map(fn: Target, input: Iterable<unknown>, mode: Mode, options: MapOptions): Promise<unknown[]> {
		this.#scheduler.check();
		refuseGenerator(fn);
		const items = [...input];
		const size = positiveInteger('chunksize', options.chunksize, defaultChunksize(items.length, this.size));
		const { medium } = this.#scheduler;
		const prepared = prepare(fn, medium);
		const calls = chunksOf(items, size).map((chunk) => makeMapCall(prepared, chunk, mode, medium));
		const tasks = calls.map((call) => this.#submitChunk(call, options));
		const settled = Promise.allSettled(tasks.map(({ promise }) => promise));
		void settled.then(() => this.#scheduler.release(prepared));
		const results = await Promise.all(tasks.map(({ promise }) => promise.catch(throwItem)));
		return results.flat(1);
	}

	#imap<T>(
		fn: Target,
		items: Iterable<T> | AsyncIterable<T>,
		ordered: boolean,
		options: ImapOptions = {},
	): ImapIterator<T, unknown> {
		this.#scheduler.check();
		refuseGenerator(fn);
		const { medium } = this.#scheduler;
		const chunksize = positiveInteger('chunksize', options.chunksize, 1);
		const buffersize = positiveInteger('buffersize', options.buffersize, 2 * chunksize * this.size);
		const prepared: Prepared = prepare(fn, medium);
		return new ImapIterator<T, unknown>({
			items,
			chunksize,
			buffersize,
			ordered,
			submit: (chunk) => {
				const task = this.#submitChunk(makeMapCall(prepared, chunk, 'map', medium), options);
				const cancel = () => this.#scheduler.withdraw(task, new CancelledError('the iteration ended early'));
				return { promise: task.promise as Promise<unknown[]>, cancel };
			},
			finish: () => this.#scheduler.release(prepared),
		});
	}

	#submitChunk(call: Call, options: MapOptions): Task {
		const task = new Task(call, options);
		this.#scheduler.submit(task, options);
		return task;
	}
}

/**
 * Workers that are processes: a crash, a leak or an endless loop in one harms nothing else. (`multiprocessing.Pool`)
 *
 *     const pool = new Pool(4);
 *     try {
 *       console.log(await pool.map((n) => n * scale, [1, 2, 3]));
 *     } finally {
 *       pool.close();
 *       await pool.join();
 *     }
 *
 * Workers are started by the first call. A worker that dies rejects the one task it ran with WorkerCrashedError and is
 * replaced. Nothing idle keeps the program alive, and no worker outlives it.
 */
export class Pool extends TaskPool {
	/** @param workers how many at most, or options; the number of processors when left out */
	constructor(workers?: number);
	constructor(options: PoolOptions);
	constructor(workers?: number | PoolOptions) {
		super('process', workers);
	}
}

/**
 * The same with threads of this process as workers: they start faster, share memory and locks, and ArrayBuffers can
 * move to them. (`multiprocessing.pool.ThreadPool`)
 */
export class ThreadPool extends TaskPool {
	/** @param workers how many at most, or options; the number of processors when left out */
	constructor(workers?: number);
	constructor(options: PoolOptions);
	constructor(workers?: number | PoolOptions) {
		super('thread', workers);
	}
}

function callBack(promise: Promise<unknown>, { callback, errorCallback }: AsyncOptions<never>): void {
	// What a callback throws is the program's own error, so it ends up where such errors do.
	if (callback !== undefined)
		promise.then(callback as (value: unknown) => void).catch(reportUnlessOf(promise));
	if (errorCallback !== undefined) void promise.catch(errorCallback);
}

/** Passes on what the callback threw, and not the task's own error, which is the caller's to handle. */
function reportUnlessOf(promise: Promise<unknown>): (error: unknown) => Promise<void> {
	return async (error) => {
		const isTasks = await promise.then(
			() => false,
			(own) => own === error,
		);
		if (!isTasks) throw error;
	};
}

function throwItem(error: unknown): never {
	throw error instanceof ItemError ? error.error : error;
}

const generators = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);

function refuseGenerator(fn: Target): void {
	if (typeof fn !== 'function') throw new TypeError(`expected a function to run, not ${kindOf(fn)}`);
	if (!generators.has(Reflect.get(fn, Symbol.toStringTag))) return;
	throw new TypeError(
		`${fn.name || 'the function'} is a generator, which cannot run elsewhere: return an array, or use imap`,
	);
}
