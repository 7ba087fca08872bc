import { setTimeout } from 'node:timers/promises';
import { byReference } from '@conc/core';
import { LifoQueue, Queue, QueueEmptyError, QueueFullError, QueueShutDownError } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { media, start, startIn } from './support/workers.js';

const kinds = { Queue, LifoQueue };
const names = Object.keys(kinds) as (keyof typeof kinds)[];
const ways = [true, false];

const full = { name: 'QueueFullError', code: 'CONC_QUEUE_FULL' };
const empty = { name: 'QueueEmptyError', code: 'CONC_QUEUE_EMPTY' };
const shutDown = { name: 'QueueShutDownError', code: 'CONC_QUEUE_SHUT_DOWN' };

async function untilWaiting(): Promise<void> {
	await setTimeout(30); // for who is about to block; a check would be as racy as this
}

describe.each(names)('a %s', (name) => {
	const Kind = kinds[name];

	it('gives out what was put, in its order (simple_queue_test, BaseQueueTestMixin)', async () => {
		const queue = new Kind<number>();
		expect([queue.empty, queue.full, queue.size, queue.maxsize]).toEqual([true, false, 0, 0]);
		for (const n of [111, 222, 333]) await queue.put(n);
		expect([queue.empty, queue.size]).toEqual([false, 3]);
		const order = name === 'Queue' ? [111, 222, 333] : [333, 222, 111];
		expect([await queue.get(), queue.getSync(), queue.getNowait()]).toEqual(order);
		expect(queue.empty).toBe(true);
	});

	it('with a maxsize is full when it is (test_queue full, test_get, test_put)', async () => {
		const queue = new Kind<number>({ maxsize: 2 });
		queue.putNowait(1);
		queue.putSync(2);
		expect([queue.full, queue.size, queue.maxsize]).toEqual([true, 2, 2]);
		expect(() => queue.putNowait(3)).toThrow(QueueFullError);
		expect(() => queue.putSync(3, { timeout: 5 })).toThrow(QueueFullError);
		expect(() => queue.putSync(3, { timeout: 0 })).toThrow(QueueFullError);
		await expect(queue.put(3, { timeout: 5 })).rejects.toMatchObject(full);
		await expect(queue.put(3, { timeout: 0 })).rejects.toMatchObject(full);
		expect(queue.size).toBe(2);
		queue.getNowait();
		queue.getNowait();
		expect(() => queue.getNowait()).toThrow(QueueEmptyError);
		expect(() => queue.getSync({ timeout: 5 })).toThrow(QueueEmptyError);
		await expect(queue.get({ timeout: 5 })).rejects.toMatchObject(empty);
		await expect(queue.get({ timeout: 0 })).rejects.toMatchObject(empty);
	});

	it('counts what is not done, and join waits for that (queue_join_test, test_queue_task_done)', async () => {
		const queue = new Kind<number>();
		expect(() => queue.taskDone()).toThrow('taskDone of');
		expect(await queue.join()).toBe(true);
		for (const n of [1, 2, 3]) queue.putNowait(n);
		let joined = false;
		const join = queue.join().then(() => {
			joined = true;
		});
		for (const left of [2, 1, 0]) {
			queue.getNowait();
			expect(joined).toBe(false);
			expect(await queue.join({ timeout: 1 })).toBe(false);
			expect(queue.joinSync({ timeout: 1 })).toBe(false);
			queue.taskDone();
			if (left === 0) await join;
		}
		expect(queue.joinSync()).toBe(true);
		expect(() => queue.taskDone()).toThrow('more often than items were put');
	});

	it('that is shut down gives out what it has, then says so (test_shutdown_empty, test_shutdown_nonempty)', async () => {
		const queue = new Kind<number>({ maxsize: 1 });
		queue.putNowait(1);
		const waiting = queue.put(2).catch((error) => error);
		queue.shutdown();
		queue.shutdown();
		expect(() => queue.putNowait(3)).toThrow(QueueShutDownError); // though one waits, and it is full
		expect(() => queue.putSync(3, { timeout: 0 })).toThrow(QueueShutDownError);
		expect(await waiting).toMatchObject(shutDown);
		expect(() => queue.putNowait(3)).toThrow(QueueShutDownError);
		expect(await queue.get()).toBe(1);
		expect(() => queue.getNowait()).toThrow(QueueShutDownError);
		expect(() => queue.getSync()).toThrow(QueueShutDownError);
		await expect(queue.get()).rejects.toMatchObject(shutDown);
		queue.taskDone();
		expect(await queue.join()).toBe(true);
	});

	it('shut down at once drops what it has (test_shutdown_immediate_all_methods)', async () => {
		const queue = new Kind<number>();
		for (const n of [1, 2]) queue.putNowait(n);
		const join = queue.join();
		queue.shutdown({ immediate: true });
		expect(await join).toBe(true);
		expect(queue.size).toBe(0);
		expect(() => queue.getNowait()).toThrow(QueueShutDownError);
	});

	it.each(ways)(
		'wakes those who wait when it is shut down (blocking: %s) (test_shutdown_get)',
		async (sync) => {
			const queue = new Kind<number>();
			const getters = [1, 2].map(() => start('queue', { queue, how: 'get', sync }));
			await untilWaiting();
			queue.shutdown();
			for (const getter of getters) expect(await getter.next()).toEqual({ got: [], code: shutDown.code });
		},
	);

	it('carries any value that crosses', async () => {
		const queue = new Kind<unknown>();
		const scale = 3;
		class Point {
			constructor(readonly x: number) {}
			get double() {
				return 2 * this.x;
			}
		}
		const shared = { n: 1 };
		const values = [
			0,
			-0,
			Number.NaN,
			1.5,
			2 ** 60,
			'',
			'häß 💥',
			'\ud800',
			'x'.repeat(5_000),
			null,
			undefined,
			true,
			false,
			10n,
		];
		for (const value of [
			...values,
			[shared, shared],
			new Map([[1, new Set([2])]]),
			new Date(5),
			new Uint8Array(3),
		]) {
			queue.putNowait(value);
			expect(queue.getNowait()).toEqual(value);
		}
		queue.putNowait((n: number) => n * scale);
		expect((queue.getNowait() as (n: number) => number)(2)).toBe(6);
		queue.putNowait(new Point(4));
		expect((queue.getNowait() as Point).double).toBe(8);
		queue.putNowait(new RangeError('whole', { cause: 'why' }));
		expect(queue.getNowait()).toMatchObject({ name: 'RangeError', message: 'whole', cause: 'why' });
	});

	it('refuses what cannot cross, and nothing is put (test_queue_feeder_donot_stop_onexc)', async () => {
		const queue = new Kind<unknown>({ maxsize: 1, name: 'jobs' });
		for (const bad of [
			new WeakMap(),
			{ deep: [Promise.resolve()] },
			new SharedArrayBuffer(8),
			AbortSignal.abort,
		])
			if (typeof bad !== 'function') expect(() => queue.putNowait(bad)).toThrow(/an item of \w+ "jobs"/);
		await expect(queue.put({ deep: [new WeakMap()] })).rejects.toThrow('item.deep[0]');
		queue.putNowait('fine');
		expect([queue.size, queue.getNowait()]).toEqual([1, 'fine']);
	});

	it('leaves an item that needs a module to who can import it', async () => {
		const queue = new Kind<() => unknown>();
		const module = new URL(`./fixtures/exported.mjs?${name}`, import.meta.url).href;
		queue.putNowait(byReference(() => 0, { module, export: 'answer' }));
		expect(() => queue.getSync()).toThrow('use get()');
		expect(() => queue.getNowait()).toThrow('use get()');
		expect(queue.size).toBe(1);
		expect((await queue.get())()).toBe(42);
		queue.putNowait(byReference(() => 0, { module, export: 'answer' }));
		expect(queue.getSync()()).toBe(42); // imported by now
	});

	it('aborted, neither takes nor puts anything', async () => {
		const queue = new Kind<number>({ maxsize: 1 });
		const controller = new AbortController();
		const { signal } = controller;
		const get = queue.get({ signal }).catch((reason) => reason);
		controller.abort('enough');
		expect(await get).toBe('enough');
		queue.putNowait(1);
		await expect(queue.put(2, { signal })).rejects.toBe('enough');
		expect([queue.size, queue.getNowait()]).toEqual([1, 1]);
	});

	it('refuses what is no option', async () => {
		const untyped = Kind as unknown as new (options: unknown) => Queue;
		for (const maxsize of [-1, 1.5, Number.NaN, 2 ** 31])
			expect(() => new Kind({ maxsize })).toThrow(RangeError);
		expect(() => new untyped({ maxsize: '1' })).toThrow('maxsize must be a number, not a string');
		expect(() => new untyped(5)).toThrow('options must be an object such as { maxsize: 10 }, not 5');
		const queue = new Kind();
		await expect(queue.get({ timeout: -1 })).rejects.toThrow(RangeError);
		expect(() => queue.putSync(1, { timeout: Number.NaN })).toThrow(RangeError);
		expect(() => queue.shutdown(true as never)).toThrow(TypeError);
		expect(queue.size).toBe(0);
	});

	it('says what it is', () => {
		const queue = new Kind({ maxsize: 2, name: 'jobs' });
		queue.putNowait(1);
		expect(`${queue}`).toBe(`${name} "jobs" (1 of 2 items)`);
		queue.shutdown();
		expect(`${queue}`).toBe(`${name} "jobs" (1 of 2 items, shut down)`);
	});
});

describe('a Queue', () => {
	it('grows with what waits, wherever it goes round, and keeps the order', () => {
		const queue = new Queue<Buffer>();
		const item = (n: number) => Buffer.alloc((n * 7919) % 50_000, n % 256);
		let put = 0;
		let got = 0;
		const check = () => {
			const found = queue.getSync();
			const right = item(got++);
			expect(right.equals(found)).toBe(true);
		};
		for (let round = 1; round < 40; round++) {
			for (let n = 0; n < round * 3; n++) queue.putSync(item(put++));
			for (let n = 0; n < round * 2; n++) check();
		}
		while (got < put) check();
		expect(queue.empty).toBe(true);
	});

	it('takes an item of 64 MB, and refuses one that could never fit', () => {
		const queue = new Queue<Uint8Array>();
		const big = new Uint8Array(1 << 26);
		big[big.length - 1] = 7;
		queue.putNowait(big);
		expect(queue.getNowait().at(-1)).toBe(7);
		expect(() => queue.putNowait(new Uint8Array(2 ** 27 + 1))).toThrow(RangeError);
	});

	it('gives items to those who wait in the order they came', async () => {
		const queue = new Queue<number>();
		const order: string[] = [];
		const gets = [1, 2, 3].map((at) => queue.get().then((n) => order.push(`${at} got ${n}`)));
		for (const n of [10, 20, 30]) queue.putNowait(n);
		await Promise.all(gets);
		expect(order.sort()).toEqual(['1 got 10', '2 got 20', '3 got 30']);
	});

	it('lets those who wait for room in, in the order they came', async () => {
		const queue = new Queue<number>({ maxsize: 1 });
		queue.putNowait(0);
		const puts = [1, 2, 3].map((n) => queue.put(n));
		const got: number[] = [];
		for (let n = 0; n < 4; n++) got.push(await queue.get());
		await Promise.all(puts);
		expect(got).toEqual([0, 1, 2, 3]);
	});
});

describe.each(media)('a Queue where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	it('is iterated until it is shut down', async () => {
		const queue = new Queue<number>();
		start('queue', { queue, how: 'put', sync: true, from: 0, to: 100 });
		const got: number[] = [];
		for await (const n of queue) {
			got.push(n);
			if (got.length === 50) queue.putNowait(-1);
			if (got.length === 101) queue.shutdown();
		}
		expect(got.filter((n) => n >= 0)).toEqual(Array.from({ length: 100 }, (_, n) => n));
	});

	it.each(ways)('gives each item to one, in the order of who put it (blocking: %s)', async (sync) => {
		const queue = new Queue<number>({ maxsize: 50 });
		const [producers, each] = [3, sync && medium === 'thread' ? 4_000 : 400];
		const getters = [sync, !sync].map((sync) => start('queue', { queue, how: 'get', sync }));
		const putters = Array.from({ length: producers }, (_, at) =>
			start('queue', { queue, how: 'put', sync, from: at * each, to: (at + 1) * each }),
		);
		for (const putter of putters) expect(await putter.next()).toBe('done');
		queue.shutdown();
		const lists = await Promise.all(
			getters.map(async (getter) => ((await getter.next()) as { got: number[] }).got),
		);
		expect(lists.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: producers * each }, (_, n) => n));
		for (const list of lists) {
			for (let at = 0; at < producers; at++) {
				const own = list.filter((n) => Math.floor(n / each) === at);
				expect(own).toEqual([...own].sort((a, b) => a - b));
			}
		}
	});

	it.each(ways)('loses nothing with a waiter that ends (blocking: %s)', async (sync) => {
		const queue = new Queue<number>();
		const first = start('queue', { queue, how: 'get one', sync });
		await untilWaiting();
		const second = start('queue', { queue, how: 'get one', sync });
		await untilWaiting();
		await first.end();
		queue.putNowait(7);
		expect(await second.next()).toBe(7);
	});

	it('is whole after a thread that put or got was ended anywhere', async () => {
		const queue = new Queue<number>({ maxsize: 100 });
		for (let round = 0; round < 12; round++) {
			const busy = [
				start('queue', { queue, how: 'put', sync: true, from: 0, to: 1e9 }),
				start('queue', { queue, how: 'get', sync: true }),
			];
			await setTimeout(30 + round);
			for (const one of busy) await one.end();
			let last = -1;
			// Not getNowait: an item may be promised to a thread of which nobody knows yet that it ended.
			while (!queue.empty) {
				const n = queue.getSync();
				expect(n).toBeGreaterThan(last); // in order, none twice
				last = n;
			}
			queue.putSync(5);
			expect(queue.getSync()).toBe(5);
		}
	});
});
