import type { PoolOptions } from './options.js';
import { TaskPool } from './task-pool.js';

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
 * replaced; when five (`restartLimit`) in a row die within ten seconds without a task done, the pool is broken. Nothing idle keeps the
 * program alive, and no worker outlives it.
 */
export class Pool<I extends readonly unknown[] = readonly []> extends TaskPool {
	/** @param workers how many at most, or options; the number of processors when left out */
	constructor(workers?: number);
	constructor(options: PoolOptions);
	constructor(options: PoolOptions<I> & { readonly initargs: Readonly<I> });
	constructor(workers?: number | PoolOptions | PoolOptions<I>) {
		super('process', workers);
	}
}

/**
 * The same with threads of this process as workers: they start faster, share memory and locks, and ArrayBuffers can
 * move to them. (`multiprocessing.pool.ThreadPool`)
 */
export class ThreadPool<I extends readonly unknown[] = readonly []> extends TaskPool {
	/** @param workers how many at most, or options; the number of processors when left out */
	constructor(workers?: number);
	constructor(options: PoolOptions);
	constructor(options: PoolOptions<I> & { readonly initargs: Readonly<I> });
	constructor(workers?: number | PoolOptions | PoolOptions<I>) {
		super('thread', workers);
	}
}
