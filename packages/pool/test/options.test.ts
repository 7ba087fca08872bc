import { availableParallelism } from 'node:os';
import { BrokenPoolError, CaptureError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, track, whoami } from './support/pools.js';

describe.each(kinds)('the options of a $name', ({ name, Kind }) => {
	it('that make no sense are refused when it is made', () => {
		const made = (options: unknown) => () => new (Kind as new (options: unknown) => unknown)(options);
		for (const option of ['workers', 'maxTasksPerWorker']) {
			for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
				expect(made({ [option]: value })).toThrow(RangeError);
				expect(made({ [option]: value })).toThrow(
					`${option} must be a whole number of at least 1, not ${value}`,
				);
			}
			for (const value of ['2', null, {}]) expect(made({ [option]: value })).toThrow(TypeError);
		}
		expect(made(0)).toThrow(RangeError);
		expect(made('2')).toThrow('workers must be a number, not a string');
		expect(made(null)).toThrow(TypeError);
		expect(made({ initializer: 1 })).toThrow('initializer must be a function, not a number');
		expect(made({ initargs: 1 })).toThrow('initargs must be an array, not a number');
		expect(made({ env: 1 })).toThrow('env must be an object, not a number');
		expect(made({ execArgv: '--no-warnings' })).toThrow('execArgv must be an array of strings');
		expect(made({ resourceLimits: { maxOldGenerationSizeMb: -1 } })).toThrow(RangeError);
	});

	it('of a map or imap that make no sense are refused', async () => {
		const pool = track(new Kind(1));
		for (const value of [0, -1, 1.5, Number.NaN]) {
			await expect(pool.map(Math.abs, [1], { chunksize: value })).rejects.toThrow(RangeError);
			expect(() => pool.imap(Math.abs, [1], { chunksize: value })).toThrow(RangeError);
			expect(() => pool.imapUnordered(Math.abs, [1], { buffersize: value })).toThrow(RangeError);
		}
		const text = '2' as unknown as number;
		await expect(pool.starmap(Math.max, [[1]], { chunksize: text })).rejects.toThrow(TypeError);
	});

	it('may be left out: there are as many workers as processors', () => {
		expect(new Kind().size).toBe(availableParallelism());
		expect(new Kind({ workers: 3 }).size).toBe(3);
		expect(String(new Kind(3))).toBe(`${name}(3 workers, open)`);
	});

	it('run the initializer once in each worker, before its first task', async () => {
		const file = files();
		const initializer = async (directory: string, factor: number) => {
			await new Promise((resolve) => setTimeout(resolve, 10));
			Object.assign(globalThis, {
				runs: ((Reflect.get(globalThis, 'runs') as number) ?? 0) + 1,
				factor,
				directory,
			});
		};
		const pool = track(
			new Kind({ workers: 2, initializer, initargs: [file(''), 3] as const, maxTasksPerWorker: 2 }),
		);
		const task = (n: number) => [
			Reflect.get(globalThis, 'runs'),
			n * (Reflect.get(globalThis, 'factor') as number),
		];
		const results = await pool.map(task, [1, 2, 3, 4, 5, 6], { chunksize: 1 });
		expect(results).toEqual([1, 2, 3, 4, 5, 6].map((n) => [1, n * 3]));
	});

	it('break the pool when the initializer fails, and it is not tried over and over', async () => {
		const file = files();
		const fail = async (directory: string) => {
			const { appendFileSync } = await import('node:fs');
			appendFileSync(`${directory}/runs`, '.');
			throw new RangeError('no database');
		};
		const pool = track(new Kind({ workers: 2, initializer: fail, initargs: [file('')] as const }));
		const pending = [1, 2, 3, 4, 5].map((n) => errorOf(pool.apply(Math.abs, [n])));
		for (const error of await Promise.all(pending)) {
			expect(error).toBeInstanceOf(BrokenPoolError);
			expect(error).toMatchObject({ code: 'CONC_BROKEN_POOL', cause: new RangeError('no database') });
		}
		expect(await errorOf(pool.map(Math.abs, [1]))).toBeInstanceOf(BrokenPoolError);
		pool.close();
		await pool.join();
		const { readFileSync } = await import('node:fs');
		expect(readFileSync(file('runs'), 'utf8').length).toBeLessThanOrEqual(2);
	});

	it('break the pool when the initializer cannot cross', async () => {
		const secret = new WeakMap();
		const pool = track(new Kind({ workers: 1, initializer: () => secret }));
		const { cause } = await errorOf(pool.apply(Math.abs, [1]));
		expect(cause).toBeInstanceOf(CaptureError);
		pool.close();
		await pool.join();
	});

	it('replace a worker after so many tasks, the initializer not counted', async () => {
		const pool = track(new Kind({ workers: 3, maxTasksPerWorker: 10, initializer: () => {} }));
		const who = await Promise.all(Array.from({ length: 100 }, () => pool.apply(whoami)));
		const counts = new Map<string, number>();
		for (const one of who) counts.set(one, (counts.get(one) ?? 0) + 1);
		expect(Math.max(...counts.values())).toBeLessThanOrEqual(10);
		expect(counts.size).toBeGreaterThanOrEqual(10);
		expect(counts.size).toBeLessThanOrEqual(13);
	});

	it('never run more tasks at once than there are workers, also when each is replaced, and after close', async () => {
		const file = files();
		const pool = track(new Kind({ workers: 2, maxTasksPerWorker: 1 }));
		const alone = async (directory: string, n: number) => {
			const { readdirSync, rmSync, writeFileSync } = await import('node:fs');
			writeFileSync(`${directory}/${n}`, '');
			const count = readdirSync(directory).length;
			rmSync(`${directory}/${n}`);
			return count;
		};
		const items = [1, 2, 3, 4, 5, 6].map((n): [string, number] => [file(''), n]);
		const counts = pool.starmap(alone, items, { chunksize: 1 });
		pool.close();
		for (const count of await counts) expect(count).toBeLessThanOrEqual(2);
		await pool.join();
	});

	it('give the workers their environment and the options of Node', async () => {
		const tell = () => [process.env.GREETING, process.env.HOME, process.execArgv];
		const given = { workers: 1, env: { GREETING: 'hello' }, execArgv: ['--no-warnings'] };
		expect(await track(new Kind(given)).apply(tell)).toEqual(['hello', undefined, ['--no-warnings']]);
		process.env.GREETING = 'mine';
		try {
			const [greeting, home] = await track(new Kind(1)).apply(tell);
			expect([greeting, home]).toEqual(['mine', process.env.HOME]);
		} finally {
			delete process.env.GREETING;
		}
	});

	it('limit the memory of a worker: the task that wants more is rejected, and nothing else', async () => {
		const pool = track(new Kind({ workers: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } }));
		const grow = () => {
			// Small pieces: V8 may miss the limit of a thread when big blocks are taken, and end the process.
			let list: object = {};
			for (;;) list = { list };
		};
		const error = await errorOf(pool.apply(grow));
		expect(error).toMatchObject({ code: 'CONC_WORKER_CRASHED', reason: 'out-of-memory' });
		expect(error.message).toMatch(/ran out of memory while it ran `grow`/);
		expect(await pool.apply(Math.abs, [-1])).toBe(1);
	});

	it('start nothing before the first call', async () => {
		const file = files();
		const pool = track(new Kind({ workers: 2, initializer: mark, initargs: [file('started')] as const }));
		const { existsSync } = await import('node:fs');
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(existsSync(file('started'))).toBe(false);
		await pool.apply(Math.abs, [1]);
		expect(existsSync(file('started'))).toBe(true);
	});
});
