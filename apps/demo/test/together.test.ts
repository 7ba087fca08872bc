import { Local } from '@conc/local';
import { Lock, Semaphore, SharedValue } from '@conc/lock';
import { Pool, ThreadPool } from '@conc/pool';
import { currentProcess, EndOfStreamError, Manager, Pipe, Process, Queue } from '@conc/process';
import { currentThread, Event, Thread } from '@conc/thread';
import { describe, expect, test } from 'vitest';

describe('the packages together', () => {
	test('a lock keeps the tasks of a ThreadPool and the caller apart', async () => {
		const lock = new Lock();
		const count = new SharedValue('int32', 0);
		const pool = new ThreadPool(2);
		const add = (times: number) => {
			for (let n = 0; n < times; n++) {
				lock.withSync(() => {
					count.value = count.value + 1;
				});
			}
		};
		try {
			const tasks = pool.map(add, [5_000, 5_000]);
			for (let n = 0; n < 500; n++) {
				await lock.with(() => {
					count.value = count.value + 1;
				});
			}
			await tasks;
			expect(count.value).toBe(10_500);
		} finally {
			await pool.terminate();
		}
	});

	test('a call made just before the caller blocks is sent', async () => {
		const done = new Event();
		const pool = new ThreadPool(1);
		try {
			await pool.apply(() => 0);
			const task = pool.apply(() => done.set());
			expect(done.waitSync({ timeout: 30_000 })).toBe(true);
			await task;
		} finally {
			await pool.terminate();
		}
	});

	test('a thread that was just started runs while the caller blocks', async () => {
		const done = new Semaphore(0);
		const thread = new Thread({ target: () => done.release() }).start();
		expect(done.acquireSync({ timeout: 30_000 })).toBe(true);
		await thread.join();
	});

	test('a lock is the same one in the processes of a pool', async () => {
		const lock = new Lock();
		const pool = new Pool(1);
		await lock.acquire();
		expect(await pool.apply(() => lock.tryAcquire())).toBe(false);
		lock.release();
		expect(await pool.apply(() => lock.with(() => lock.locked))).toBe(true);
		expect(lock.locked).toBe(false);
		await pool.terminate();
	});

	test.each([
		['processes', () => new Pool(2)],
		['threads', () => new ThreadPool(2)],
	])('what a manager has, a queue and a pipe are used by the tasks of a pool of %s', async (_, make) => {
		const pool = make();
		await using manager = await new Manager().start();
		const dict = await manager.dict<number, number>();
		const queue = new Queue<number>();
		const [here, there] = Pipe<number>();
		const squares = await pool.map(
			async (n) => {
				await dict.set(n, n * n);
				await queue.put(n);
				if (n === 3) await there.send(n);
				return dict;
			},
			[1, 2, 3],
		);
		expect(await dict.copy()).toEqual(new Map([1, 2, 3].map((n) => [n, n * n])));
		expect(await squares[0]?.get(3)).toBe(9); // it came back
		const items = [queue.getNowait(), queue.getNowait(), queue.getNowait()];
		expect(items.sort()).toEqual([1, 2, 3]);
		expect(await here.recv()).toBe(3);
		await pool.terminate();
		await expect(here.recv()).rejects.toThrow(EndOfStreamError);
	});

	test('a Local is each worker’s own', async () => {
		const local = new Local<{ value: string }>({ init: () => ({ value: 'fresh' }) });
		local.value = 'mine';
		for (const pool of [new Pool(1), new ThreadPool(1)]) {
			expect(await pool.apply(() => local.value)).toBe('fresh');
			const set = () => {
				local.value = 'theirs';
			};
			await pool.apply(set);
			expect(await pool.apply(() => local.value)).toBe('theirs');
			await pool.terminate();
		}
		expect(local.value).toBe('mine');
	});

	test('a Local that is inherited goes along into threads, processes and tasks', async () => {
		const request = new Local<{ id: number }>({ name: 'together request', inherit: true });
		const read = () => request.id;
		const pools = [new Pool(1), new ThreadPool(1)];
		await request.run({ id: 7 }, async () => {
			for (const pool of pools) expect(await pool.apply(read)).toBe(7);
			expect(await pools[0]?.map((n: number) => n + (request.id ?? 0), [1, 2])).toEqual([8, 9]);
			expect(await new Thread({ target: read }).start().result).toBe(7);
			expect(await new Process({ target: read }).start().result).toBe(7);
		});
		await request.run({ id: 8 }, async () => {
			for (const pool of pools) expect(await pool.apply(read)).toBe(8);
		});
		for (const pool of pools) await pool.terminate();
	});

	test('workers know their names', async () => {
		const names = () => [currentThread().name, currentProcess().name];
		const pool = new Pool(1);
		const threads = new ThreadPool(1);
		const [processNames, threadNames] = [await pool.apply(names), await threads.apply(names)];
		expect(processNames[1]).toMatch(/^PoolWorker-\d+$/);
		expect(threadNames[0]).toMatch(/^ThreadPoolWorker-\d+$/);
		await Promise.all([pool.terminate(), threads.terminate()]);
	});

	test('a pool in a task, a thread in a process, a process in a thread', async () => {
		const pool = new Pool(1);
		const inner = async (n: number) => {
			const nested = new ThreadPool(2);
			try {
				return await nested.map((m) => m * n, [1, 2, 3]);
			} finally {
				nested.close();
				await nested.join();
			}
		};
		expect(await pool.apply(inner, [5])).toEqual([5, 10, 15]);
		await pool.terminate();
		const inThread = async () => new Process({ target: () => currentProcess().name }).start().result;
		expect(await new Thread({ target: inThread }).start().result).toMatch(/^Process-/);
		const inProcess = async () =>
			new Thread({ target: () => currentThread().name, name: 'deep' }).start().result;
		expect(await new Process({ target: inProcess }).start().result).toBe('deep');
	});
});
