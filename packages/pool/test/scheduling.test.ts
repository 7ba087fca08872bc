import { BrokenPoolError, PoolFullError, PoolTerminatedError, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, there, track, until, whoami } from './support/pools.js';

const identity = (n: number) => n;

describe.each(kinds)('tasks that wait for a $name', ({ name, Kind }) => {
	it('start by priority, and of one priority in the order they came', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const held = pool.apply(markAndPass, [file('begun'), file('gate')]);
		const order: string[] = [];
		const tasks = [
			['a', 0],
			['b', -1],
			['c', 5],
			['d', undefined],
			['e', 5],
			['f', 0.5],
			['g', Number.POSITIVE_INFINITY],
		] as const;
		const all = tasks.map(([me, priority]) =>
			pool.apply(String, [me], { priority }).then(() => order.push(me)),
		);
		const map = pool.map(identity, [1], { priority: 3 }).then(() => order.push('map'));
		mark(file('gate'));
		await Promise.all([...all, map, held]);
		expect(order).toEqual(['g', 'c', 'e', 'map', 'f', 'a', 'd', 'b']);
	});

	it('may be cancelled wherever they wait', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const held = pool.apply(markAndPass, [file('begun'), file('gate')]);
		const results = Array.from({ length: 9 }, (_, n) => pool.applyAsync(identity, [n], { priority: n % 3 }));
		for (const n of [0, 4, 8]) expect(results[n]?.cancel()).toBe(true);
		mark(file('gate'));
		await held;
		const outcomes = await Promise.allSettled(results);
		expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
			results.map((_, n) => ![0, 4, 8].includes(n)),
		);
		expect(pool.stats()).toMatchObject({ queued: 0, running: 0, fulfilled: 7, rejected: 3 });
	});

	it('are refused when maxQueue of them wait, and nothing is lost', async () => {
		const pool = track(new Kind({ workers: 1, maxQueue: 2 }));
		const file = files();
		const held = pool.apply(markAndPass, [file('begun'), file('gate')]);
		const waiting = [pool.apply(identity, [1]), pool.apply(identity, [2])];
		const buffer = new ArrayBuffer(8);
		expect(await errorOf(pool.apply(identity, [3], { transfer: [buffer] }))).toMatchObject({
			name: 'PoolFullError',
			code: 'CONC_POOL_FULL',
			message: 'the pool is full: 2 tasks wait, and maxQueue is 2',
		});
		expect(buffer.byteLength).toBe(8);
		expect(await errorOf(pool.applyAsync(identity, [3]))).toBeInstanceOf(PoolFullError);
		expect(await errorOf(pool.map(identity, [3]))).toBeInstanceOf(PoolFullError);
		mark(file('gate'));
		await held;
		expect(await Promise.all(waiting)).toEqual([1, 2]);
		expect(await errorOf(pool.map(identity, [1, 2, 3, 4], { chunksize: 1 }))).toBeInstanceOf(PoolFullError);
		expect(await pool.map(identity, [1, 2, 3], { chunksize: 1 })).toEqual([1, 2, 3]);
		const imapped: number[] = [];
		for await (const n of pool.imap(identity, [1, 2, 3, 4, 5, 6], { buffersize: 6 })) imapped.push(n);
		expect(imapped).toEqual([1, 2, 3, 4, 5, 6]);
	});

	it('with maxQueue: 0 start at once or not at all', async () => {
		const pool = track(new Kind({ workers: 2, maxQueue: 0 }));
		const both = [pool.apply(identity, [1]), pool.apply(identity, [2])];
		expect(await errorOf(pool.apply(identity, [3]))).toBeInstanceOf(PoolFullError);
		expect(await Promise.all(both)).toEqual([1, 2]);
		expect(await pool.apply(identity, [4])).toBe(4);
	});

	it('are counted', async () => {
		const pool = track(new Kind(2));
		const nothing = { workers: 0, idle: 0, queued: 0, running: 0, fulfilled: 0, rejected: 0, crashes: 0 };
		expect(pool.stats()).toEqual(nothing);
		const file = files();
		const held = [1, 2].map((n) => pool.apply(markAndPass, [file(n), file('gate')]));
		const failing = errorOf(pool.apply(() => process.kill(Number.NaN)));
		await there(file(1), file(2));
		expect(pool.stats()).toEqual({ ...nothing, workers: 2, queued: 1, running: 2 });
		mark(file('gate'));
		await Promise.all([...held, failing]);
		expect(pool.stats()).toEqual({ ...nothing, workers: 2, idle: 2, fulfilled: 2, rejected: 1 });
		await errorOf(pool.apply(() => process.exit(3)));
		await until(() => pool.stats().crashes === 1);
		expect(pool.stats().rejected).toBe(2);
	});

	it('are rejected when the signal of the pool is aborted', async () => {
		const controller = new AbortController();
		const pool = track(new Kind({ workers: 1, signal: controller.signal }));
		const file = files();
		const running = errorOf(pool.apply(markAndPass, [file('begun'), file('gate')]));
		const queued = errorOf(pool.apply(identity, [1]));
		await there(file('begun'));
		controller.abort();
		expect(await running).toBeInstanceOf(PoolTerminatedError);
		expect(await queued).toBeInstanceOf(PoolTerminatedError);
		await pool.join();
		expect(String(new Kind({ workers: 1, signal: controller.signal }))).toBe(
			`${name}(1 workers, terminated)`,
		);
	});

	it.each([
		[{ priority: '1' }, TypeError, 'priority must be a number, not a string'],
		[{ priority: Number.NaN }, RangeError, 'priority must be a number, not NaN'],
	])('with %j are refused at the call', async (options, kind, message) => {
		const pool = track(new Kind(1));
		const wrong = options as never;
		for (const promise of [
			pool.apply(identity, [1], wrong),
			pool.applyAsync(identity, [1], wrong),
			pool.map(identity, [1], wrong),
		]) {
			const error = await errorOf(promise);
			expect(error).toBeInstanceOf(kind);
			expect(error.message).toBe(message);
		}
		expect(() => pool.imap(identity, [1], wrong)).toThrow(message);
		expect(pool.stats().workers).toBe(0);
	});
});

describe.each(kinds)('the workers of a $name', ({ name, Kind }) => {
	it('end when they have had nothing to do for idleTimeout, but for minWorkers', async () => {
		const pool = track(new Kind({ workers: 3, minWorkers: 1, idleTimeout: 20 }));
		const file = files();
		const held = [1, 2, 3].map((n) => pool.apply(markAndPass, [file(n), file('gate')]));
		await there(file(1), file(2), file(3));
		expect(pool.stats().workers).toBe(3);
		mark(file('gate'));
		await Promise.all(held);
		await until(() => pool.stats().workers === 1);
		const last = await pool.apply(whoami);
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(await pool.apply(whoami)).toBe(last);
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 0 });
	});

	it('are started again by the next call', async () => {
		const pool = track(new Kind({ workers: 1, idleTimeout: 0 }));
		const first = await pool.apply(whoami);
		await until(() => pool.stats().workers === 0);
		expect(await pool.apply(whoami)).not.toBe(first);
	});

	it('may die restartLimit times in a row', async () => {
		const pool = track(new Kind({ workers: 1, restartLimit: 2 }));
		const die = () => process.exit(1);
		expect(await errorOf(pool.apply(die))).toBeInstanceOf(WorkerCrashedError);
		expect(await pool.apply(identity, [1])).toBe(1);
		expect(await errorOf(pool.apply(die))).toBeInstanceOf(WorkerCrashedError);
		expect(await errorOf(pool.apply(die))).toBeInstanceOf(WorkerCrashedError);
		const error = await errorOf(pool.apply(identity, [1]));
		expect(error).toBeInstanceOf(BrokenPoolError);
		expect(error.message).toContain('2 workers in a row died');
	});

	it('are named after the pool', async () => {
		const pool = track(new Kind({ workers: 1, name: 'images' }));
		expect(String(pool)).toBe(`${name} "images"(1 workers, open)`);
		const error = await errorOf(pool.apply(() => process.exit(1)));
		expect(error.message).toMatch(/^images-\d+ \((pid|thread) \d+\) exited with code 1 while it ran /);
	});

	it.each([
		[{ minWorkers: -1 }, 'minWorkers must be a whole number of at least 0, not -1'],
		[{ workers: 2, minWorkers: 3 }, 'minWorkers must not be more than workers, which is 2, but is 3'],
		[{ maxQueue: 0.5 }, 'maxQueue must be a whole number of at least 0, not 0.5'],
		[{ restartLimit: 0 }, 'restartLimit must be a whole number of at least 1, not 0'],
		[{ idleTimeout: -1 }, 'idleTimeout must be 0 or more milliseconds, not -1'],
		[{ idleTimeout: '9' }, 'idleTimeout must be a number of milliseconds, not a string'],
		[{ name: 5 }, 'name must be a string, not 5'],
		[{ signal: {} }, 'signal must be an AbortSignal, not an object'],
	])('are refused with %j', (options, message) => {
		expect(() => new Kind(options as never)).toThrow(message);
	});
});
