import type { Transferable } from 'node:worker_threads';
import { checkObject, kindOf } from '@conc/core';

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
	/** Aborting it rejects the task: a queued one never starts, of a running one the worker is replaced. */
	readonly signal?: AbortSignal;
	/** Milliseconds the task may run, counted from its start, not from the call; then its worker is replaced. */
	readonly timeout?: number;
	/** ArrayBuffers and MessagePorts that move to a thread instead of being copied. */
	readonly transfer?: readonly Transferable[];
	/** Names the task in errors; the function's name and place when left out. */
	readonly name?: string;
}

/** What may be said of a task whose result is an AsyncResult. */
export interface AsyncOptions<R> extends TaskOptions {
	/** Called with the result when it is there. */
	readonly callback?: (value: R) => void;
	/** Called with the error; the rejection counts as handled then. */
	readonly errorCallback?: (error: unknown) => void;
}

/** What may be said of a map. */
export interface MapOptions {
	/** How many items go to a worker at once; a quarter of an even share when left out. */
	readonly chunksize?: number;
	/** Aborting it rejects the map. */
	readonly signal?: AbortSignal;
	/** Milliseconds each chunk may run, counted from its start. */
	readonly timeout?: number;
}

/** What may be said of an imap. */
export interface ImapOptions {
	/** How many items go to a worker at once; 1 when left out. */
	readonly chunksize?: number;
	/** How many items at most are drawn from the input ahead of the consumer; two chunks a worker when left out. */
	readonly buffersize?: number;
	readonly signal?: AbortSignal;
	/** Milliseconds each chunk may run, counted from its start. */
	readonly timeout?: number;
}

/** A whole number of at least 1, or the default. Throws a TypeError or RangeError that names the option. */
export function positiveInteger<D>(name: string, value: unknown, otherwise: D): number | D {
	if (value === undefined) return otherwise;
	if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${kindOf(value)}`);
	if (!Number.isSafeInteger(value) || value < 1)
		throw new RangeError(`${name} must be a whole number of at least 1, not ${value}`);
	return value;
}

/** Throws a TypeError or RangeError that names the option no pool can be made with. */
export function checkSettings(settings: PoolSettings): void {
	const { initializer, initargs, maxTasksPerWorker, resourceLimits, env, execArgv } = settings;
	positiveInteger('maxTasksPerWorker', maxTasksPerWorker, undefined);
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
