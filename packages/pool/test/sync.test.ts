import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from '@conc/lock';
import { BrokenPoolError, PoolClosedError, TimeoutError, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, markAndSpin } from './fixtures/tasks.mjs';
import { files, kinds, there, track } from './support/pools.js';
import { hold, warm } from './support/short-tasks.js';

const identity = (n: number) => n;
const fail = (n: number) => {
	if (n > 1) throw new RangeError(`more than 1: ${n}`);
	return n;
};

/** What a call throws. */
function thrown(call: () => unknown): Error {
	try {
		call();
	} catch (error) {
		return error as Error;
	}
	throw new Error('it did not throw');
}

describe.each(kinds)('a caller of a $name that blocks', ({ name, Kind }) => {
	it('gets what the function returns, and no turn of its event loop runs meanwhile', async () => {
		const pool = track(new Kind(2));
		const turns: string[] = [];
		setImmediate(() => turns.push('immediate'));
		void Promise.resolve().then(() => turns.push('microtask'));
		const scale = 3;
		expect(pool.applySync((n: number) => n * scale, [2])).toBe(6);
		expect(pool.applySync(async (text: string) => text.length, ['four'])).toBe(4);
		expect(pool.mapSync((n) => n * scale, [1, 2, 3, 4, 5], { chunksize: 2 })).toEqual([3, 6, 9, 12, 15]);
		expect(
			pool.starmapSync(Math.max, [
				[1, 2],
				[4, 3],
			]),
		).toEqual([2, 4]);
		expect(pool.mapSync(identity, [])).toEqual([]);
		expect(turns).toEqual([]);
		await delay(1);
		expect(turns).toEqual(['microtask', 'immediate']);
	});

	it('gets the error, which is nobody else’s', async () => {
		const pool = track(new Kind(2));
		const error = thrown(() => pool.applySync(fail, [2]));
		expect(error).toBeInstanceOf(RangeError);
		expect(error.stack).toContain('called from:');
		expect(thrown(() => pool.mapSync(fail, [0, 1, 2, 3])).message).toBe('more than 1: 2');
		expect(thrown(() => pool.applySync(5 as never))).toBeInstanceOf(TypeError);
		expect(thrown(() => pool.mapSync(identity, 5 as never))).toBeInstanceOf(TypeError);
		const signal = AbortSignal.abort(new Error('too late'));
		expect(thrown(() => pool.applySync(identity, [1], { signal }))).toBe(signal.reason);
		pool.close();
		expect(thrown(() => pool.applySync(identity, [1]))).toBeInstanceOf(PoolClosedError);
		await delay(1); // an unhandled rejection would be known by now
	});

	it('gets an AsyncResult that is under way, or there already', async () => {
		const pool = track(new Kind(2));
		const result = pool.applyAsync(identity, [1]);
		expect([result.ready, result.getSync(), result.ready]).toEqual([false, 1, true]);
		expect([result.getSync({ timeout: 0 }), await result]).toEqual([1, 1]);
		expect(pool.mapAsync(identity, [1, 2]).getSync()).toEqual([1, 2]);
		expect(thrown(() => pool.applyAsync(fail, [2]).getSync())).toBeInstanceOf(RangeError);
		expect(thrown(() => pool.applyAsync(5 as never).getSync())).toBeInstanceOf(TypeError);
	});

	it('waits no longer than its timeout, and the task goes on', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const result = pool.applyAsync(markAndPass, [file('begun'), file('gate')]);
		const error = thrown(() => result.getSync({ timeout: 20 }));
		expect(error).toBeInstanceOf(TimeoutError);
		expect(error.message).toBe('the result was not there within 20 ms');
		expect(thrown(() => result.getSync({ timeout: -1 }))).toBeInstanceOf(RangeError);
		mark(file('gate'));
		expect(result.getSync()).toEqual(expect.any(Number));
	});

	it('is told when the task runs longer than its own timeout', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const error = thrown(() => pool.applySync(markAndSpin, [file('begun')], { timeout: 50 }));
		expect(error).toBeInstanceOf(TimeoutError);
		expect(error.message).toContain('ran longer than its timeout of 50 ms');
		expect(pool.applySync(identity, [1])).toBe(1);
		expect(await pool.apply(identity, [2])).toBe(2);
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 0, fulfilled: 2, rejected: 1 });
	});

	it('is told when the worker dies, and the next call has another', async () => {
		const pool = track(new Kind(1));
		const error = thrown(() => pool.applySync(() => process.exit(3)));
		expect(error).toBeInstanceOf(WorkerCrashedError);
		expect(error).toMatchObject(name === 'Pool' ? { exitCode: 3 } : {});
		expect(pool.applySync(identity, [1])).toBe(1);
		expect(await pool.apply(identity, [2])).toBe(2);
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 1 });
	});

	it('does not wait for ever behind a task whose worker dies', async () => {
		const pool = track(new Kind(1));
		const dying = pool.apply(() => process.exit(3)).catch((error) => error);
		expect(pool.applySync(identity, [1])).toBe(1);
		expect(await dying).toBeInstanceOf(WorkerCrashedError);
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 1, fulfilled: 1, rejected: 1 });
	});

	it.each([true, false])(
		'does not wait behind a task that takes long after all (busy: %s)',
		async (isBusy) => {
			const pool = track(new Kind(2));
			const file = files();
			const both = [1, 2].map((n) => pool.apply(hold, [file(n), file('first gate')]));
			await there(file(1), file(2));
			mark(file('first gate'));
			await Promise.all(both);
			await warm(() => pool.apply(hold));
			const long = pool.apply(hold, [file('begun'), file('gate'), isBusy]);
			pool.applyAsync(hold).getSync({ timeout: 20_000 });
			mark(file('gate'));
			await long;
		},
	);

	it('waits for what another pool was asked for just now', async () => {
		const [pool, other] = [track(new Kind(1)), track(new Kind(1))];
		await Promise.all([pool.apply(identity, [1]), other.apply(identity, [1])]);
		const queue = new Queue<number>();
		const bytes = new Uint8Array(5_000_000); // more than a pipe takes at once
		const putting = other.apply((bytes: Uint8Array) => queue.putSync(bytes.length), [bytes]);
		expect(pool.applySync(() => queue.getSync({ timeout: 60_000 }))).toBe(5_000_000);
		await putting;
	});

	it('has the initializer run first, or its error', () => {
		const initializer = async (factor: number) => {
			await new Promise((resolve) => setTimeout(resolve, 5));
			Reflect.set(globalThis, 'factor', factor);
		};
		const pool = track(new Kind({ workers: 1, initializer, initargs: [3] as const }));
		expect(pool.applySync((n: number) => n * Reflect.get(globalThis, 'factor'), [2])).toBe(6);
		const broken = track(new Kind({ workers: 1, initializer: () => fail(5) }));
		expect(thrown(() => broken.applySync(identity, [1]))).toBeInstanceOf(BrokenPoolError);
	});

	it('may be a task of a pool itself', async () => {
		const pool = track(new Kind(1));
		const nested = async (n: number) => {
			const { ThreadPool } = await import('@conc/pool');
			const inner = new ThreadPool(1);
			const result = inner.applySync((n: number) => n * 2, [n]);
			await inner.terminate();
			return result;
		};
		expect(pool.applySync(nested, [21])).toBe(42);
	});

	it('takes big results', () => {
		const pool = track(new Kind(1));
		const bytes = pool.applySync((length: number) => new Uint8Array(length).fill(7), [20_000_000]);
		expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([20_000_000, 7, 7]);
		expect(
			pool.mapSync(
				identity,
				Array.from({ length: 300_000 }, (_, n) => n),
			).length,
		).toBe(300_000);
	});
});
