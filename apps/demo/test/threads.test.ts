import { Local } from '@conc/local';
import { Event, Lock, Queue } from '@conc/lock';
import { Pool, ThreadPool } from '@conc/pool';
import { Manager, Process } from '@conc/process';
import { enumerate, mainThread, setExcepthook, Thread, Timer, type Uncaught } from '@conc/thread';
import { expect, test } from 'vitest';

const names = () => enumerate().map(({ name, daemon }) => `${name}${daemon ? ', daemon' : ''}`);

test('the threads of a pool are listed, and no longer than they live', async () => {
	const pool = new ThreadPool(2);
	await pool.map(() => 0, [1, 2, 3, 4], { chunksize: 1 });
	const [main, ...workers] = names();
	expect(main).toBe('MainThread');
	expect(workers.length).toBeGreaterThan(0);
	for (const name of workers) expect(name).toMatch(/^ThreadPoolWorker-\d+, daemon$/);
	await pool.terminate();
	expect(names()).toEqual(['MainThread']);
});

test('threads that serve other processes, and those, are not listed', async () => {
	const lock = new Lock();
	const manager = await new Manager().start();
	const pool = new Pool(1);
	try {
		const list = await manager.list([1]);
		const listed = await pool.apply(async () => {
			await list.append(2);
			return lock.withSync(() => enumerate().map(({ name }) => name));
		});
		expect(listed).toEqual([expect.stringMatching(/^PoolWorker-\d+$/)]);
		expect(names()).toEqual(['MainThread']);
	} finally {
		await pool.terminate();
		await manager.shutdown();
	}
});

test('a process has threads of its own, and none of them is here', async () => {
	const target = async () => {
		const inner = new Thread({ target: () => enumerate().map(({ name }) => name) }).start();
		return inner.result;
	};
	expect(await new Process({ target }).start().result).toEqual(['MainThread', 'Thread-1']);
	expect(enumerate()).toEqual([mainThread()]);
});

test('a thread cannot go to another process', () => {
	const thread = new Thread({ target: () => {}, name: 'here' }).start();
	const target = (other: unknown) => other;
	expect(() => new Process({ target, args: [thread] }).start()).toThrow(
		/`args\[0\]` is a thread of this process/,
	);
	thread.joinSync();
});

test('a timer has what a Local inherits where it was started', async () => {
	const request = new Local<{ id: number }>({ name: 'request of a timer', inherit: true });
	const timer = new Timer(1, () => request.id);
	request.run({ id: 7 }, () => timer.start());
	expect(await timer.result).toBe(7);
});

test('a hook hears of threads that tasks of a pool start', async () => {
	const heard: Uncaught[] = [];
	const original = setExcepthook((uncaught) => void heard.push(uncaught));
	const pool = new ThreadPool(1);
	try {
		await pool.apply(async () => {
			const target = () => {
				throw new RangeError('in a thread of a task');
			};
			await new Thread({ target, name: 'of a task' }).start().join();
		});
		await expect.poll(() => heard.length).toBe(1);
		expect(heard[0]?.error).toEqual(new RangeError('in a thread of a task'));
		expect(heard[0]?.thread.name).toBe('of a task');
	} finally {
		await pool.terminate();
		setExcepthook(original);
	}
});

/** Has the excepthook of this thread take a lock, and note whether it did. */
function takeInHook(lock: Lock, inHook: Event, seen: unknown[]): void {
	setExcepthook(() => {
		inHook.set();
		seen.push(lock.acquireSync());
	});
}

test('a hook may block for something in another process while the thread it interrupts does', async () => {
	const [jobs, lock, inHook] = [new Queue<string>(), new Lock(), new Event()];
	await lock.acquire();
	const child = new Process({
		target: () => {
			const seen: unknown[] = [];
			takeInHook(lock, inHook, seen);
			const thread = new Thread({
				target: () => {
					throw new RangeError('told to the hook');
				},
			}).start();
			thread.joinSync();
			seen.push(jobs.getSync(), jobs.getSync(), lock.owner !== null);
			return seen;
		},
	}).start();
	await inHook.wait();
	await jobs.put('one');
	lock.release();
	await jobs.put('two');
	expect(await child.result).toEqual([true, 'one', 'two', true]);
});

test('and the answers of two calls that block within each other are not mixed up', async () => {
	const [jobs, lock, inHook] = [new Queue<string>(), new Lock(), new Event()];
	await lock.acquire();
	const child = new Process({
		target: () => {
			const seen: unknown[] = [];
			takeInHook(lock, inHook, seen);
			new Thread({
				target: () => {
					Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100); // the other blocks by then
					throw new RangeError('told to the hook');
				},
			}).start();
			seen.push(jobs.getSync());
			return seen;
		},
	}).start();
	await inHook.wait();
	await jobs.put('one');
	lock.release();
	expect(await child.result).toEqual([true, 'one']);
});
