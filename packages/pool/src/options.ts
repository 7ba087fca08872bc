import type { Transferable } from 'node:worker_threads';
import { checkKind, checkObject, kindOf, readSignal } from '@conc/core';

/** How a pool is made. `I` are the arguments of its initializer. */
export interface PoolOptions<I extends readonly unknown[] = readonly []> {
	/** How many workers at most; the number of processors when left out. They start when there is work for them. */
	readonly workers?: number;
	/**
	 * Runs in each worker before its first task. When it throws, the pool is broken: what has not begun, and every later
	 * call, rejects with BrokenPoolError.
	 */
	readonly initializer?: (...args: [...I]) => unknown;
	readonly initargs?: Readonly<I>;
	/** After so many tasks - a chunk of a map counts as one - a worker is replaced by a fresh one. */
	readonly maxTasksPerWorker?: number;
	/** How many workers stay however long they have nothing to do; 0 when left out. See `idleTimeout`. */
	readonly minWorkers?: number;
	/** Milliseconds after which a worker with nothing to do ends; when left out, none does. A call starts a new one. */
	readonly idleTimeout?: number;
	/**
	 * How many tasks - a chunk of a map counts as one - may wait for a worker; when left out, any number. A call that
	 * would have more wait rejects with PoolFullError. An imap is not limited by it: it has its own `buffersize`.
	 */
	readonly maxQueue?: number;
	/** How many workers in a row may die within 10 seconds, without a task done, before the pool is broken; 5 when left out. */
	readonly restartLimit?: number;
	/** Milliseconds that a task which looks at the signal of `currentTask()` has to end when it is cancelled or late; 1000 when left out. */
	readonly gracePeriod?: number;
	/** Names the pool in messages, and its workers: `images-1`. */
	readonly name?: string;
	/** Aborting it terminates the pool. */
	readonly signal?: AbortSignal;
	readonly resourceLimits?: {
		/** Megabytes; a task that exceeds them is rejected, and its worker replaced. */
		readonly maxOldGenerationSizeMb?: number;
	};
	/** The environment of the workers; this process's when left out. */
	readonly env?: NodeJS.ProcessEnv;
	/** Options of Node for the workers; this process's when left out. */
	readonly execArgv?: readonly string[];
}

/** The options of any pool, whatever its initializer takes. */
export interface PoolSettings extends Omit<PoolOptions, 'initializer' | 'initargs'> {
	readonly initializer?: (...args: never[]) => unknown;
	readonly initargs?: readonly unknown[];
}

/** What may be said of one task. */
export interface TaskOptions {
	/**
	 * Aborting it rejects the task: a queued one never starts. A running one that looks at `currentTask().signal` has
	 * the pool's `gracePeriod` to end; otherwise its worker is replaced.
	 */
	readonly signal?: AbortSignal;
	/** Milliseconds the task may run, counted from its start, not from the call; then it is stopped as by `signal`. */
	readonly timeout?: number;
	/** ArrayBuffers and MessagePorts that move to a thread instead of being copied. */
	readonly transfer?: readonly Transferable[];
	/** The higher, the sooner it starts; 0 when left out. Of one priority the first comes first. */
	readonly priority?: number;
	/** Names the task in errors; the function's name and place when left out. */
	readonly name?: string;
	/** Called with what the task reports by `currentTask().progress(value)`. What it throws is an uncaught exception. */
	readonly onProgress?: (value: unknown) => void;
}

/** What may be said of a stream. */
export interface StreamOptions extends TaskOptions {
	/** How many items the generator may be ahead of the consumer, at least 1; 16 when left out. */
	readonly buffersize?: number;
}

/** What is called with how an AsyncResult turns out. */
interface ResultCallbacks<R> {
	/** Called with the result when it is there. */
	readonly callback?: (value: R) => void;
	/** Called with the error; the rejection counts as handled then. */
	readonly errorCallback?: (error: unknown) => void;
}

/** What may be said of a task whose result is an AsyncResult. */
export interface AsyncOptions<R> extends TaskOptions, ResultCallbacks<R> {}

/** How far a map is. */
export interface MapProgress {
	readonly done: number;
	readonly total: number;
}

/** What may be said of a map. */
export interface MapOptions {
	/** How many items go to a worker at once; a quarter of an even share when left out. */
	readonly chunksize?: number;
	/** Aborting it rejects the map. */
	readonly signal?: AbortSignal;
	/** Milliseconds each chunk may run, counted from its start. */
	readonly timeout?: number;
	/** The higher, the sooner its chunks start; 0 when left out. Of one priority the first comes first. */
	readonly priority?: number;
	/** Called whenever a chunk is done, with how many items are, and of how many. What it throws is an uncaught exception. */
	readonly onProgress?: (progress: MapProgress) => void;
}

/** What may be said of a map whose result is an AsyncResult. */
export interface AsyncMapOptions<R> extends MapOptions, ResultCallbacks<R> {}

/** What may be said of an imap. */
export interface ImapOptions {
	/** How many items go to a worker at once; 1 when left out. */
	readonly chunksize?: number;
	/** How many items at most are drawn from the input ahead of the consumer; two chunks a worker when left out. */
	readonly buffersize?: number;
	readonly signal?: AbortSignal;
	/** Milliseconds each chunk may run, counted from its start. */
	readonly timeout?: number;
	/** The higher, the sooner its chunks start; 0 when left out. Of one priority the first comes first. */
	readonly priority?: number;
}

/** The longest time Node's timers can take. */
export const LONGEST_MS = 2 ** 31 - 1;

/** A whole number of at least 1, or the default. Throws a TypeError or RangeError that names the option. */
export function positiveInteger<D>(name: string, value: unknown, otherwise: D): number | D {
	return wholeNumber(name, value, 1, otherwise);
}

function wholeNumber<D>(name: string, value: unknown, least: number, otherwise: D): number | D {
	if (value === undefined) return otherwise;
	if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${kindOf(value)}`);
	if (!Number.isSafeInteger(value) || value < least)
		throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
	return value;
}

/** Throws a TypeError or RangeError that names the option no pool can be made with. */
export function checkSettings(settings: PoolSettings): void {
	const { initializer, initargs, resourceLimits, env, execArgv, name, workers, minWorkers } = settings;
	for (const option of ['workers', 'maxTasksPerWorker', 'restartLimit'] as const)
		positiveInteger(option, settings[option], undefined);
	for (const option of ['minWorkers', 'maxQueue'] as const)
		wholeNumber(option, settings[option], 0, undefined);
	if (workers !== undefined && minWorkers !== undefined && minWorkers > workers)
		throw new RangeError(
			`minWorkers must not be more than workers, which is ${workers}, but is ${minWorkers}`,
		);
	for (const option of ['idleTimeout', 'gracePeriod'] as const) {
		const { [option]: ms } = settings;
		checkKind(option, 'a number of milliseconds', ms, typeof ms === 'number');
		if (ms !== undefined && !(ms >= 0))
			throw new RangeError(`${option} must be 0 or more milliseconds, not ${ms}`);
	}
	checkKind('name', 'a string', name, typeof name === 'string');
	readSignal({ signal: settings.signal });
	checkObject('resourceLimits', resourceLimits);
	positiveInteger('maxOldGenerationSizeMb', resourceLimits?.maxOldGenerationSizeMb, undefined);
	if (initializer !== undefined && typeof initializer !== 'function')
		throw new TypeError(`initializer must be a function, not ${kindOf(initializer)}`);
	if (initargs !== undefined && !Array.isArray(initargs))
		throw new TypeError(`initargs must be an array, not ${kindOf(initargs)}`);
	if (env !== undefined && (typeof env !== 'object' || env === null))
		throw new TypeError(`env must be an object, not ${kindOf(env)}`);
	if (execArgv === undefined) return;
	if (!Array.isArray(execArgv) || !execArgv.every((argument) => typeof argument === 'string'))
		throw new TypeError('execArgv must be an array of strings');
}
