import { setTimeout } from 'node:timers/promises';
import { CaptureError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, there, track, whoami } from './support/pools.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const double = (n: number) => n * 2;
const add = (a: number, b: number) => a + b;
const collect = async <T>(items: AsyncIterable<T>) => {
	const all: T[] = [];
	for await (const item of items) all.push(item);
	return all;
};

describe.each(kinds)('the calls of a $name', ({ Kind }) => {
	it('give the sequential answer for any number of items and any chunk size', async () => {
		const pool = track(new Kind(2));
		for (const count of [0, 1, 7, 1000]) {
			const items = numbers(count);
			const doubled = items.map(double);
			const pairs = items.map((n): [number, number] => [n, 1]);
			for (const chunksize of [undefined, 1, 3, Math.max(1, count), count + 5]) {
				expect(await pool.map(double, items, { chunksize })).toEqual(doubled);
				expect(await pool.starmap(add, pairs, { chunksize })).toEqual(items.map((n) => n + 1));
				expect(await collect(pool.imap(double, items, { chunksize }))).toEqual(doubled);
				const unordered = await collect(pool.imapUnordered(double, items, { chunksize }));
				expect(unordered.sort((a, b) => a - b)).toEqual(doubled);
			}
		}
	});

	it('await what an asynchronous function gives', async () => {
		const pool = track(new Kind(2));
		const later = async (n: number) => n + 1;
		expect(await pool.apply(later, [1])).toBe(2);
		expect(await pool.applyAsync(later, [2])).toBe(3);
		expect(await pool.map(later, new Set([3, 4]))).toEqual([4, 5]);
	});

	it('keep lists among the results of a map as they are', async () => {
		const pool = track(new Kind(2));
		expect(await pool.map((n: number) => [n, [n]], [1, 2, 3], { chunksize: 2 })).toEqual([
			[1, [1]],
			[2, [2]],
			[3, [3]],
		]);
	});

	it('take arguments and captured variables as they are at the call', async () => {
		const pool = track(new Kind(1));
		let factor = 2;
		const list = [1, 2, 3];
		const scale = (items: number[]) => items.map((n) => n * factor);
		const first = pool.apply(scale, [list]);
		const second = pool.map((n: number) => n * factor, list);
		factor = 100;
		list.push(4);
		expect(await first).toEqual([2, 4, 6]);
		expect(await second).toEqual([2, 4, 6]);
		expect(await pool.apply(scale, [list])).toEqual([100, 200, 300, 400]);
		expect(await pool.map((n: number) => n * factor, [1])).toEqual([100]);
	});

	it('reject what cannot cross, and nothing is sent', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const socket = new WeakMap();
		const bad = (value: unknown, path: string) => {
			mark(path);
			return value;
		};
		expect(await errorOf(pool.apply(bad, [socket, file('ran')]))).toBeInstanceOf(CaptureError);
		expect(await errorOf(pool.applyAsync(() => socket, []))).toBeInstanceOf(CaptureError);
		expect(await errorOf(pool.map((value: unknown) => value, [1, socket]))).toBeInstanceOf(CaptureError);
		expect(() => pool.imap(() => socket, [1])).toThrow(CaptureError);
		expect(await errorOf(collect(pool.imap((value: unknown) => value, [socket])))).toBeInstanceOf(
			CaptureError,
		);
		expect(await pool.apply(add, [1, 2])).toBe(3);
	});

	it('refuse what is no call', async () => {
		const pool = track(new Kind(1));
		const untyped = pool as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
		await expect(untyped.apply?.(1)).rejects.toThrow('fn must be a function, not a number');
		await expect(untyped.apply?.(add, 1)).rejects.toThrow('args must be an array, not a number');
		await expect(untyped.apply?.(add, [], null)).rejects.toThrow('options must be an object, not null');
		await expect(untyped.apply?.(add, [], { name: 5 })).rejects.toThrow('name must be a string, not 5');
		await expect(untyped.apply?.(add, [], { transfer: 5 })).rejects.toThrow(
			'transfer must be an array, not 5',
		);
		await expect(untyped.map?.(double, 1)).rejects.toThrow('items must be iterable, not a number');
		await expect(untyped.map?.(double, [], { timeout: -1 })).rejects.toThrow(RangeError);
		await expect(untyped.starmap?.(double, [[1], 'ab'])).rejects.toThrow(
			'items[1] must be an array of arguments, not a string',
		);
		expect(() => untyped.imap?.(double, 5)).toThrow('items must be iterable, not a number');
		expect(() => untyped.imap?.(double, [], { timeout: -1 })).toThrow(RangeError);
		await expect(untyped.applyAsync?.(add, [1, 2], { callback: 5 })).rejects.toThrow(
			'callback must be a function, not a number',
		);
		await expect(untyped.applyAsync?.(add, [1, 2], null)).rejects.toThrow('options must be an object');
		await expect(untyped.map?.(double, (async function* () {})())).rejects.toThrow('use imap');
		await expect(pool.apply(function* numbers() {})).rejects.toThrow('numbers is a generator');
		await expect(pool.apply(double, [1], { timeout: -1 })).rejects.toThrow(RangeError);
		await expect(pool.apply(double, [1], { signal: {} as AbortSignal })).rejects.toThrow(
			'signal must be an AbortSignal',
		);
		await expect(pool.map(double, [1], { timeout: Number.NaN })).rejects.toThrow(RangeError);
		pool.close();
		await pool.join();
	});

	it('that throw what cannot be looked at, or return what has a then, are answered', async () => {
		const pool = track(new Kind(1));
		const revoked = () => {
			const { proxy, revoke } = Proxy.revocable({}, {});
			revoke();
			throw proxy;
		};
		expect(await errorOf(pool.apply(revoked))).toBeInstanceOf(Error);
		expect(await errorOf(pool.map(revoked, [1]))).toBeInstanceOf(Error);
		const thenable = () => {
			const then = (resolve: (value: number) => void) => resolve(5);
			return Object.assign(() => {}, { then });
		};
		expect([await pool.apply(thenable), ...(await pool.map(thenable, [1]))]).toEqual([5, 5]);
		expect(await errorOf(pool.apply((n: unknown) => n, [[1].values()]))).toBeInstanceOf(CaptureError);
	});

	it('of one worker are told in the order of the calls, whatever their size, and however they end', async () => {
		const pool = track(new Kind(1));
		const answer = (n: number) => {
			if (n % 7 === 5) throw new RangeError(`${n}`);
			return n % 3 === 0 ? 'long'.repeat(100_000) : n;
		};
		const told: number[] = [];
		const tell = (n: number) => () => told.push(n);
		for (const n of numbers(20)) await pool.apply(answer, [n]).catch(() => {}); // so that they are given ahead
		await Promise.all(numbers(600).map((n) => pool.apply(answer, [n]).then(tell(n), tell(n))));
		expect(told).toEqual(numbers(600));
	});

	it('made one after the other need one worker', async () => {
		const pool = track(new Kind(3));
		const who = new Set<string>();
		for (let n = 0; n < 10; n++) who.add(await pool.apply(whoami));
		for (let n = 0; n < 10; n++) for (const one of await pool.map(whoami, [n])) who.add(one);
		expect(who.size).toBe(1);
	});

	it('go to the worker that is free first', async () => {
		const pool = track(new Kind(4));
		const file = files();
		const begin = async (begun: string, gate: string) => {
			await markAndPass(begun, gate);
			return whoami();
		};
		const held = [1, 2, 3, 4].map((n) => pool.apply(begin, [file(n), file(`gate ${n}`)]));
		await there(...[1, 2, 3, 4].map(file));
		const fifth = pool.apply(begin, [file(5), file('gate 5')]);
		mark(file('gate 3'));
		const third = await held[2];
		await there(file(5));
		for (const n of [1, 2, 4, 5]) mark(file(`gate ${n}`));
		expect(await fifth).toBe(third);
		expect(new Set(await Promise.all(held)).size).toBe(4);
	});

	it('show in an error where it happened and where the call is, and nothing else', async () => {
		const pool = track(new Kind(1));
		await setTimeout(50); // of many calls at once only the first show where they are
		function fail(): never {
			throw new RangeError('too far');
		}
		async function usersCall(call: () => PromiseLike<unknown>) {
			return call();
		}
		const calls = [
			() => pool.apply(fail),
			() => pool.applyAsync(fail),
			() => pool.map(fail, [1, 2]),
			() => pool.starmap(fail, [[]]),
			() => collect(pool.imap(fail, [1, 2])),
			() => collect(pool.imapUnordered(fail, [1, 2])),
		];
		for (const call of calls) {
			const { stack = '', ...error } = await errorOf(usersCall(call));
			const [remote = '', local = ''] = stack.split(/\n {4}in \w+-\d+, called from:\n/);
			expect(error).toEqual({});
			expect(remote).toMatch(/^RangeError: too far\n {4}at fail \(.*answers\.test\.ts:\d+:\d+\)/);
			const [first = ''] = local.split('\n');
			expect(first).toMatch(/answers\.test\.ts:\d+:\d+/);
			expect(local).toContain('usersCall');
			expect(local).not.toMatch(/dist\/index\.js|node:internal|Array\.map/);
		}
	});
});
