import { ThreadPool, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { errorOf, kill, kinds, track, whoami } from './support/pools.js';
import { result } from './support/programs.js';
import { warm } from './support/short-tasks.js';

// Short tasks are given to a worker many at a time. Nobody is to notice.

const identity = (n: number) => n;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** How many are done, and what the others are rejected with. */
async function outcomes(calls: Promise<unknown>[]) {
	const settled = await Promise.allSettled(calls);
	return {
		done: settled.filter(({ status }) => status === 'fulfilled').length,
		errors: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as WorkerCrashedError] : [])),
	};
}

describe.each(kinds)('short tasks of a $name', ({ name, Kind }) => {
	it('count as queued until it is their turn, for maxQueue as well', async () => {
		const pool = track(new Kind({ workers: 1, maxQueue: 20 }));
		const next = (n: number) => n + 1;
		for (let n = 0; n < 100; n++) await pool.apply(next, [n]);
		const calls = Array.from({ length: 20 }, (_, n) => pool.apply(next, [n]));
		expect(pool.stats()).toMatchObject({ running: 1, queued: 19 });
		const more = [pool.apply(next, [20]), pool.apply(next, [21])];
		expect(await errorOf(more[1] as Promise<number>)).toMatchObject({ code: 'CONC_POOL_FULL' });
		expect(await Promise.all([...calls, more[0]])).toHaveLength(21);
	});

	it('each get their own answer, however many there are at once', async () => {
		const pool = track(new Kind(2));
		const triple = (n: number) => 3 * n;
		for (let round = 0; round < 3; round++) {
			const calls = numbers(5_000).map((n) => pool.apply(triple, [n]));
			expect(await Promise.all(calls)).toEqual(numbers(5_000).map((n) => 3 * n));
		}
		expect(pool.stats()).toMatchObject({ queued: 0, running: 0, fulfilled: 15_000 });
	});

	it.each<[what: string, value: unknown]>([
		['undefined', undefined],
		['null', null],
		['booleans', [true, false]],
		['numbers', [0, -0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 53, 0.1, Number.NaN, Infinity, -Infinity, 5e-324]],
		['strings', ['', 'a', 'é', '汉字', '\ud800', 'a'.repeat(25), 'é'.repeat(25), '汉'.repeat(5_000)]],
		['long strings', ['x'.repeat(0x2000), 'x'.repeat(0x2001), '汉'.repeat(0x2001)]],
		['a bigint', 10n],
	])('carry small values both ways: %s', async (_, value) => {
		const pool = track(new Kind(1));
		const values = Array.isArray(value) ? value : [value];
		const calls = values.map((one) => pool.apply((it: unknown) => it, [one]));
		expect(await Promise.all(calls)).toEqual(values);
	});

	it('carry small values that are too many for one frame together', async () => {
		const pool = track(new Kind(1));
		const lengths = (...all: string[]) => all.map(({ length }) => length).join();
		const last = (...all: string[]) => all.at(-1);
		for (const text of ['x'.repeat(0x2000), '汉'.repeat(0x2000)]) {
			for (const count of [1, 3, 4, 7, 8]) {
				const all = Array.from({ length: count }, () => text);
				expect(await pool.apply(lengths, all)).toBe(all.map(() => 0x2000).join());
				const answers = await Promise.all(
					numbers(20).map((n) => pool.apply(last, [...all.slice(1), text + n])),
				);
				expect(answers).toEqual(numbers(20).map((n) => text + n));
				expect(await Promise.all(all.map(() => pool.apply(last, all)))).toEqual(all);
			}
		}
	});

	it('start in the order of their calls, small ones and big ones mixed', async () => {
		const pool = track(new Kind(1));
		const note = (n: number | number[]) => {
			const seen = (Reflect.get(globalThis, 'seen') ?? []) as number[];
			Reflect.set(globalThis, 'seen', [...seen, Number(n)]);
		};
		await Promise.all(numbers(300).map((n) => pool.apply(note, [n % 3 === 0 ? [n] : n])));
		expect(await pool.apply(() => Reflect.get(globalThis, 'seen'))).toEqual(numbers(300));
	});

	it('behind one that ends its worker are done by another, and only that one is rejected', async () => {
		const pool = track(new Kind(2));
		const fatal = 100;
		const maybeEnd = (n: number) => {
			if (n === fatal) process.exit(3);
			return n;
		};
		for (const n of numbers(40)) await Promise.all([pool.apply(maybeEnd, [n]), pool.apply(maybeEnd, [n])]);
		const { done, errors } = await outcomes(numbers(1_000).map((n) => pool.apply(maybeEnd, [n])));
		expect(done).toBe(999);
		expect(errors).toMatchObject([{ code: 'CONC_WORKER_CRASHED', exitCode: 3 }]);
	});

	it('do not starve the event loop of their worker', async () => {
		const pool = track(new Kind(1));
		await warm(() => pool.apply(identity, [0]));
		await pool.apply(() => void setTimeout(() => Reflect.set(globalThis, 'fired', true), 1));
		let isOver = false;
		const flood = async () => {
			while (!isOver) await pool.apply(identity, [1]);
		};
		const floods = numbers(200).map(flood);
		while (!(await pool.apply(() => Reflect.get(globalThis, 'fired') === true)));
		isOver = true;
		await Promise.all(floods);
	});

	it('keep a worker to its number of tasks', async () => {
		const pool = track(new Kind({ workers: 2, maxTasksPerWorker: 10 }));
		for (let n = 0; n < 5; n++) await pool.apply(whoami);
		const ran = await Promise.all(numbers(60).map(() => pool.apply(whoami)));
		const counts = new Map<string, number>();
		for (const worker of ran) counts.set(worker, (counts.get(worker) ?? 0) + 1);
		expect(Math.max(...counts.values())).toBeLessThanOrEqual(10);
	});

	it('wait for nobody whose priority is lower, but for the few that a worker has already', async () => {
		const pool = track(new Kind(1));
		await warm(() => pool.apply(identity, [0]));
		const order: string[] = [];
		const calls = numbers(5_000).map(() => pool.apply(identity, [0]).then(() => order.push('low')));
		await pool.apply(identity, [1], { priority: 1 }).then(() => order.push('high'));
		await Promise.all(calls);
		expect(order.indexOf('high')).toBeLessThan(2_500);
	});

	it('are done or rejected when workers are killed all the time, and none hangs', {
		timeout: 600_000,
	}, async () => {
		const pool = track(new Kind({ workers: 2, restartLimit: 1_000_000 }));
		const tasks = KILLS * 100;
		let accepted = 0;
		let done = 0;
		let killed = 0;
		const rejected: unknown[] = [];
		const one = async (n: number) => {
			accepted++;
			try {
				// A thread cannot be killed from outside: a task that was let in between ends it.
				const isKiller = name === 'ThreadPool' && n % 100 === 50;
				const fn = isKiller ? () => process.exit(1) : (m: number) => m;
				const result = await pool.apply(fn as (m: number) => number, [n]);
				if (result !== n) throw new Error(`${n} was answered with ${result}`);
				done++;
			} catch (error) {
				rejected.push(error);
			}
		};
		let next = 0;
		const lane = async () => {
			while (next < tasks) await one(next++);
		};
		const lanes = Promise.all(numbers(64).map(lane));
		let isOver = false;
		const killing = async () => {
			while (!isOver && name === 'Pool') {
				const pid = Number((await pool.apply(whoami).catch(() => '0/0')).split('/')[0]);
				if (pid > 1 && killed < KILLS) {
					kill(pid, 'SIGKILL');
					killed++;
				}
				await new Promise((resolve) => setTimeout(resolve, 5));
			}
		};
		const murderer = killing();
		await lanes;
		isOver = true;
		await murderer;
		expect(done + rejected.length).toBe(accepted);
		for (const error of rejected) expect(error).toBeInstanceOf(WorkerCrashedError);
		// Each death takes at most the one task that ran.
		expect(rejected.length).toBeLessThanOrEqual(name === 'Pool' ? killed : KILLS);
		expect(await pool.apply(identity, [7])).toBe(7);
	});
});

/** How often workers are killed; a hundred tasks for each. */
const KILLS = Number(process.env.CONC_KILLS ?? 10);

describe('short tasks of a ThreadPool', () => {
	it('behind one that takes long after all are done by others meanwhile', async () => {
		const pool = track(new ThreadPool(2));
		const gate = new Int32Array(new SharedArrayBuffer(4));
		const pass = (it: Int32Array | number) => {
			if (typeof it !== 'number') Atomics.wait(it, 0, 0);
			return typeof it;
		};
		await warm(() => pool.apply(pass, [0]));
		const long = pool.apply(pass, [gate]);
		expect(await Promise.all(numbers(1_000).map((n) => pool.apply(pass, [n])))).toHaveLength(1_000);
		Atomics.store(gate, 0, 1);
		Atomics.notify(gate, 0);
		expect(await long).toBe('object');
	});

	it('that are cancelled before they begin never do, and their worker goes on', async () => {
		const pool = track(new ThreadPool(1));
		const words = new Int32Array(new SharedArrayBuffer(8));
		const count = (words: Int32Array, isLong: boolean) => {
			if (isLong) Atomics.wait(words, 0, 0);
			return Atomics.add(words, 1, 1);
		};
		const worker = await pool.apply(whoami);
		for (let n = 0; n < 200; n++) await pool.apply(count, [words, false]);
		const first = pool.apply(count, [words, true]);
		const others = numbers(20).map(() => pool.applyAsync(count, [words, false]));
		for (const other of others) expect(other.cancel()).toBe(true);
		for (const other of others) await expect(other).rejects.toThrow('was cancelled');
		Atomics.store(words, 0, 1);
		Atomics.notify(words, 0);
		expect(await first).toBe(200);
		expect(Atomics.load(words, 1)).toBe(201);
		expect(await pool.apply(whoami)).toBe(worker);
	});
});

describe('many short tasks', () => {
	it.each([
		['ThreadPool', 1_000_000],
		['Pool', 200_000],
	])('leave nothing on the heap (%s, %i tasks)', { timeout: 600_000 }, async (name, tasks) => {
		const grown = (await result('heap.mjs', [name, String(tasks)], ['--expose-gc'])) as number;
		expect(grown).toBeLessThan(5_000_000);
	});
});
