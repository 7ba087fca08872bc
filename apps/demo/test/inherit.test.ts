import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Local } from '@conc/local';
import { Event } from '@conc/lock';
import { Pool, ThreadPool } from '@conc/pool';
import { Process } from '@conc/process';
import { Thread } from '@conc/thread';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const request = new Local<{ id: number; tags: string[]; socket: unknown }>({
	name: 'inherit request',
	inherit: true,
});

/** `fn` with a request of this id. */
const as = <R>(id: number, fn: () => R): R => request.run({ id }, fn);
const read = () => request.id;

describe.each([
	['processes', () => new Pool(2)],
	['threads', () => new ThreadPool(2)],
])('in a pool of %s the values in force at the call are there in', (_, make) => {
	let pool: Pool | ThreadPool;
	beforeAll(async () => {
		pool = make();
		// The workers are started where other values are in force.
		await as(-1, () => Promise.all([pool.apply(() => sleep(20)), pool.apply(() => sleep(20))]));
	});
	afterAll(() => pool.terminate());

	test('apply', async () => {
		const ids = Array.from({ length: 50 }, (_, id) => id);
		expect(await Promise.all(ids.map((id) => as(id, () => pool.apply(read))))).toEqual(ids);
		expect(await pool.apply(read)).toBeUndefined();
	});

	test('apply of a function with a name, and of one that is sent with every call', async () => {
		const add = 1;
		const box = { add };
		expect(await as(1, () => pool.apply(read, [], { name: 'reads' }))).toBe(1);
		expect(await as(2, () => pool.apply((n: number) => n + (request.id ?? 0) + box.add, [10]))).toBe(13);
		expect(
			await as(3, () => pool.apply((n: Map<string, number>) => [request.id, n.size], [new Map()])),
		).toEqual([3, 0]);
	});

	test('applyAsync, its callback and applySync', async () => {
		const result = as(4, () => pool.applyAsync(read, [], { callback: (id) => expect(read()).toBe(id) }));
		expect(await result.get()).toBe(4);
		expect(as(5, () => pool.applySync(read))).toBe(5);
	});

	test('map, starmap and mapSync', async () => {
		const add = (n: number, m = 0) => n + m + (request.id ?? 0);
		expect(await as(100, () => pool.map((n: number) => add(n), [1, 2, 3, 4, 5, 6, 7, 8, 9]))).toEqual([
			101, 102, 103, 104, 105, 106, 107, 108, 109,
		]);
		expect(
			await as(200, () =>
				pool.starmap(add, [
					[1, 10],
					[2, 20],
				]),
			),
		).toEqual([211, 222]);
		expect(as(300, () => pool.mapSync((n: number) => add(n), [1, 2]))).toEqual([301, 302]);
	});

	test('imap, whoever draws the items and whenever', async () => {
		async function* slow() {
			for (const n of [1, 2, 3, 4, 5, 6]) {
				await turn();
				yield n;
			}
		}
		const add = (n: number) => n + (request.id ?? 0);
		const opened = request.run({ id: 10, tags: ['a'] }, () => {
			const iterators = [
				pool.imap(add, [1, 2, 3, 4, 5, 6], { buffersize: 1 }),
				pool.imap(add, slow(), { buffersize: 1 }),
				pool.imapUnordered(add, slow(), { buffersize: 1 }),
			];
			request.id = 20; // later than the call
			return iterators;
		});
		for (const iterator of opened) {
			const seen: number[] = [];
			await as(30, async () => {
				for await (const n of iterator) seen.push(n);
			});
			expect(seen.sort((a, b) => a - b)).toEqual([11, 12, 13, 14, 15, 16]);
		}
	});

	test('stream, also at each later pull', async () => {
		const stream = as(7, () =>
			pool.stream(
				async function* () {
					for (let n = 0; n < 5; n++) {
						yield request.id;
						await null;
					}
				},
				[],
				{ buffersize: 1 },
			),
		);
		const seen: unknown[] = [];
		for await (const id of stream) {
			seen.push(id);
			await as(8, () => pool.apply(read)); // another task of the same workers
		}
		expect(seen).toEqual([7, 7, 7, 7, 7]);
	});

	test('what a task leaves for later: a timer, an interval, a promise', async () => {
		const task = () =>
			new Promise((resolve) => {
				const seen: unknown[] = [];
				setTimeout(() => seen.push(request.id), 1);
				setImmediate(() => seen.push(request.id));
				void Promise.resolve().then(() => seen.push(request.id));
				let rounds = 0;
				const interval = setInterval(() => {
					seen.push(request.id);
					if (++rounds < 3) return;
					clearInterval(interval);
					resolve(seen);
				}, 2);
			});
		const both = [1, 2, 3, 4].map((id) => as(id, () => pool.apply(task)));
		expect(await Promise.all(both)).toEqual([1, 2, 3, 4].map((id) => Array(6).fill(id)));
	});

	test('a pool in a thread in a process, and what they call', async () => {
		const nested = () =>
			new Thread({
				target: async () => {
					const inner = new ThreadPool(1);
					try {
						return [request.id, await inner.apply(() => request.id), await inner.map(() => request.id, [1])];
					} finally {
						await inner.terminate();
					}
				},
			}).start().result;
		expect(await as(9, () => pool.apply(nested))).toEqual([9, 9, [9]]);
	});

	test('objects and what is long, each task with a copy of its own', async () => {
		const tags = Array.from({ length: 2_000 }, (_, n) => `tag number ${n}`);
		const change = () => {
			request.tags?.push('more');
			return request.tags?.length;
		};
		expect(await request.run({ tags }, () => Promise.all([pool.apply(change), pool.apply(change)]))).toEqual([
			2_001, 2_001,
		]);
		const chunk = request.run({ tags: ['a'] }, () => pool.map(change, [1, 2, 3], { chunksize: 2 }));
		expect(await chunk).toEqual([2, 3, 2]);
		expect(tags).toHaveLength(2_000);
	});

	test('a signal, which is followed', async () => {
		const job = new Local<{ signal: AbortSignal }>({ name: 'inherit job', inherit: true });
		const controller = new AbortController();
		const listens = new Event();
		const task = job.run({ signal: controller.signal }, () =>
			pool.apply(
				() =>
					new Promise((resolve) => {
						const { signal } = job;
						signal?.addEventListener('abort', () => resolve(signal.reason));
						listens.set();
					}),
			),
		);
		await listens.wait();
		controller.abort('enough');
		expect(await task).toBe('enough');
	});

	test('nothing else: what cannot be copied is refused at the call, with its path', async () => {
		const socket = { deep: [new WeakMap()] };
		const refusal = expect.objectContaining({
			code: 'CONC_CAPTURE',
			message: expect.stringMatching(
				/Local "inherit request", which goes along with `read` \(.*inherit\.test\.ts:\d+:\d+\), to a (thread|process):\n {2}`values\.socket\.deep\[0\]`/,
			),
		});
		await request.run({ id: 1, socket }, async () => {
			await expect((async () => pool.apply(read))()).rejects.toEqual(refusal);
			await expect((async () => pool.map(read, [1]))()).rejects.toEqual(refusal);
			expect(() => pool.applySync(read)).toThrow(refusal);
			expect(() => pool.imap(read, [1])).toThrow(refusal);
			expect(() => pool.stream(read as never)).toThrow(refusal);
			expect(() => new Thread({ target: read }).start()).toThrow(/values\.socket\.deep\[0\]/);
			expect(() => new Process({ target: read }).start()).toThrow(/values\.socket\.deep\[0\]/);
		});
		expect(await as(2, () => pool.apply(read))).toBe(2);
	});
});

describe.each([
	['Thread', <R>(target: () => R) => new Thread({ target })],
	['Process', <R>(target: () => R) => new Process({ target })],
])('a %s', (_, make) => {
	test('has the values in force where it was started, not where it was made', async () => {
		const job = as(1, () => make(read));
		expect(await as(2, () => job.start().result)).toBe(2);
	});

	test('hands them on to what it starts', async () => {
		const outer = async () => {
			const inner = new Thread({ target: async () => [await null, request.id] }).start();
			return [await inner.result, await new Process({ target: read }).start().result];
		};
		expect(await as(3, () => make(outer).start().result)).toEqual([[null, 3], 3]);
	});
});

test('an initializer of a pool sets values that stay, whichever task is the first', async () => {
	const connection = new Local<{ made: string; id: number }>({ name: 'inherit connection', inherit: true });
	const pool = new ThreadPool({
		workers: 1,
		initializer: () => {
			connection.made = 'by the initializer';
		},
	});
	const look = () => ({ ...connection });
	expect(await connection.run({ id: 1 }, () => pool.apply(look))).toEqual({
		made: 'by the initializer',
		id: 1,
	});
	expect(await pool.apply(look)).toEqual({ made: 'by the initializer' });
	await pool.terminate();
});

test.each([
	['processes', () => new Pool(1)],
	['threads', () => new ThreadPool(1)],
])('a store of one’s own goes along into a pool of %s', async (where, make) => {
	const als = new AsyncLocalStorage<{ id: number }>();
	const shop = Local.from(als, { name: `inherit store ${where}` });
	const pool = make();
	expect(await als.run({ id: 1 }, () => pool.apply(() => shop.id))).toBe(1);
	const store = { id: 2 };
	await als.run(store, async () => {
		expect(await pool.apply(() => shop.id)).toBe(2);
		store.id = 3;
		expect(await pool.apply(() => shop.id)).toBe(3);
	});
	expect(await pool.apply(() => shop.id)).toBeUndefined();
	await pool.terminate();
});

describe.each([
	['processes', () => new Pool(1)],
	['threads', () => new ThreadPool(1)],
])('in a pool of %s', (_, make) => {
	class Session {
		role = 'guest';
		reads = 0;
		get isAdmin() {
			return this.role === 'admin';
		}
		get next() {
			this.reads++;
			return this.reads;
		}
	}

	test('values of a class keep it, and are as they are also where reading one changes another', async () => {
		const session = new Local<Session>({ name: 'inherit session', inherit: true });
		const pool = make();
		await session.run(new Session(), async () => {
			session.role = 'admin';
			const there = () => [session.role, session.isAdmin, session.reads];
			expect(await pool.apply(there)).toEqual(['admin', true, 0]);
			expect([session.next, session.next]).toEqual([1, 2]);
			expect(await pool.apply(there)).toEqual(['admin', true, 2]);
		});
		await pool.terminate();
	});

	test('a value named __proto__ or constructor is a value like others', async () => {
		const values = new Local<Record<string, unknown>>({ name: 'inherit names', inherit: true });
		const pool = make();
		const given = JSON.parse('{"user":"bob","__proto__":{"isAdmin":true},"constructor":5}');
		await values.run(given, async () => {
			const there = () => [values.isAdmin, values.user, values.constructor];
			expect(there()).toEqual([undefined, 'bob', 5]);
			expect(await pool.apply(there)).toEqual([undefined, 'bob', 5]);
		});
		const plain = new Local<{ constructor: unknown }>() as { constructor: unknown };
		plain.constructor = 5;
		expect(await pool.apply(() => Object.keys(plain))).toEqual([]);
		await pool.terminate();
	});
});
