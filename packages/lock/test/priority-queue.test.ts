import { setTimeout } from 'node:timers/promises';
import { PriorityQueue } from '@conc/lock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOfPackage } from './support/copies.js';
import { start } from './support/workers.js';

describe('a PriorityQueue', () => {
	it('gives out the lowest priority first (PriorityQueueTest)', async () => {
		const queue = new PriorityQueue<string>();
		for (const pair of [
			[3, 'c'],
			[-1, 'a'],
			[2.5, 'b'],
			[Number.POSITIVE_INFINITY, 'd'],
		] as const)
			queue.putSync(pair);
		expect([await queue.get(), queue.getSync(), queue.getNowait(), await queue.get()]).toEqual([
			[-1, 'a'],
			[2.5, 'b'],
			[3, 'c'],
			[Number.POSITIVE_INFINITY, 'd'],
		]);
		expect(queue.empty).toBe(true);
	});

	it('gives out equal priorities in the order they came, whatever the values are', () => {
		const queue = new PriorityQueue<unknown>();
		const values = [{ b: 1 }, 'x', 7, undefined, new Map([[1, 2]]), { a: 1 }];
		for (const value of values) queue.putNowait([0, value]);
		expect(values.map(() => queue.getNowait()[1])).toEqual(values);
	});

	it('is a list that is sorted whenever something is taken', () => {
		const someSteps = fc.array(
			fc.oneof(
				{ weight: 3, arbitrary: fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(4_000)) },
				{ weight: 2, arbitrary: fc.constant('take' as const) },
			),
			{ minLength: 100, maxLength: 400 },
		);
		const program = (steps: readonly ([number, number] | 'take')[]) => {
			const queue = new PriorityQueue<{ id: number; bytes: Uint8Array }>();
			const list: { id: number; priority: number; length: number }[] = [];
			const take = () => {
				const next = list.sort((a, b) => a.priority - b.priority || a.id - b.id).shift();
				if (next === undefined) return expect(queue.empty).toBe(true);
				const [priority, { id, bytes }] = queue.getNowait();
				expect({ id, priority, length: bytes.length }).toEqual(next);
				expect(bytes.every((byte) => byte === id % 256)).toBe(true);
			};
			for (const [id, step] of steps.entries()) {
				if (step === 'take') take();
				else {
					const [priority, length] = step;
					queue.putNowait([priority, { id, bytes: new Uint8Array(length).fill(id % 256) }]);
					list.push({ id, priority, length });
				}
			}
			while (list.length > 0) take();
			take();
		};
		fc.assert(fc.property(someSteps, program), { numRuns: 100 });
	});

	it('uses the memory of what was taken again', () => {
		const queue = new PriorityQueue<Uint8Array>();
		const bytes = new Uint8Array(100_000);
		for (let n = 0; n < 20; n++) queue.putNowait([n, bytes]);
		// Four times of what could ever wait.
		for (let n = 0; n < 20_000; n++) {
			queue.putNowait([(n * 7919) % 1_000, bytes]);
			queue.getNowait();
		}
		expect(queue.size).toBe(20);
	});

	it('refuses what is no pair, and NaN, and keeps nothing of it', async () => {
		const queue = new PriorityQueue({ name: 'jobs' });
		const put = (pair: unknown) => queue.put(pair as [number, unknown]);
		const subject = 'an item of PriorityQueue "jobs" must be a pair such as [1, value]';
		await expect(put(5)).rejects.toThrow(`${subject}, not a number`);
		await expect(put([1])).rejects.toThrow(`${subject}, not an array of 1`);
		await expect(put(['1', 2])).rejects.toThrow(`${subject}, not [a string, value]`);
		await expect(put([Number.NaN, 2])).rejects.toThrow(RangeError);
		await expect(put([1, Symbol('local')])).rejects.toThrow('cannot send an item of PriorityQueue');
		expect(queue.size).toBe(0);
	});

	it.each([
		['had put, and not yet moved entries of the heap', 'putNowait'],
		['had taken, and not yet moved entries of the heap', 'getNowait'],
	] as const)('is whole after a thread %s', async (_, method) => {
		// Ends the thread at its 20th change, between the store that makes it hold and the writes of its journal.
		const { url } = await copyOfPackage((text) =>
			text.replace(
				'apply(target, writes) {',
				'apply(target, writes) { if (globalThis.endAt-- === 0) process.exit();',
			),
		);
		const queue = new PriorityQueue<number>();
		const pair = (n: number) => [(n * 7919) % 11, n] as const;
		for (let n = 0; n < 50; n++) queue.putNowait(pair(n));
		const worker = start('priority-queue-end', { url, queue, method, endAt: 20 });
		await worker.ended();
		const puts = method === 'putNowait';
		const all = Array.from({ length: puts ? 71 : 50 }, (_, n) => pair(n));
		const sorted = all.sort(([a, n], [b, m]) => a - b || n - m);
		const got = Array.from({ length: queue.size }, () => queue.getNowait());
		expect(got).toEqual(puts ? sorted : sorted.slice(21));
	});

	it('is whole after a thread that put or got was ended anywhere', async () => {
		for (let round = 0; round < 8; round++) {
			const queue = new PriorityQueue<number>({ maxsize: 200 });
			const busy = [
				start('priority-queue', { queue, puts: true, seed: 2 * round + 1 }),
				start('priority-queue', { queue, puts: true, seed: 2 * round + 2 }),
				start('priority-queue', { queue, puts: false, seed: 0 }),
			];
			while (queue.size < 100) await setTimeout(1);
			await setTimeout(10 + round);
			for (const one of busy) await one.end();
			const { size } = queue;
			// Not getNowait: an item may be promised to a thread of which nobody knows yet that it ended.
			const got = Array.from({ length: size }, () => queue.getSync());
			expect(queue.empty).toBe(true);
			const priorities = got.map(([priority]) => priority);
			expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
			const values = got.map(([, value]) => value);
			expect(new Set(values).size).toBe(size);
			for (const [priority, value] of got) expect(priority).toBe((value * 7919) % 1_009);
		}
	});
});
