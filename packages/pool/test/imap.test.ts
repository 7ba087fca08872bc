import { existsSync } from 'node:fs';
import { TimeoutError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, passed } from './fixtures/tasks.mjs';
import { drain, errorOf, files, kinds, there, track, until } from './support/pools.js';

const double = (n: number) => n * 2;

describe.each(kinds)('an imap of a $name', ({ Kind }) => {
	it.each([1, 3])('gives what comes before an error of its input, in chunks of %i', async (chunksize) => {
		const pool = track(new Kind(2));
		function* input() {
			yield* [1, 2, 3, 4];
			throw new Error('no fifth');
		}
		for (const results of [pool.imap(double, input(), { chunksize }), pool.imapUnordered(double, input())]) {
			const { results: before, error } = await drain(results);
			expect(before.sort((a, b) => a - b)).toEqual([2, 4, 6, 8]);
			expect(error).toEqual(new Error('no fifth'));
		}
		await expect(pool.map(double, input())).rejects.toThrow('no fifth');
		expect(await pool.apply(double, [21])).toBe(42);
	});

	it('that waits for its input is ended when the pool is terminated', async () => {
		const pool = track(new Kind(1));
		async function* input() {
			yield 1;
			await new Promise(() => {});
		}
		const results = pool.imap(double, input());
		expect(await results.next()).toEqual({ done: false, value: 2 });
		const next = errorOf(results.next());
		await pool.terminate();
		expect(await next).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		expect(await results.next()).toEqual({ done: true, value: undefined });
	});

	it('gives what comes before the error of an item, then that, then nothing', async () => {
		const pool = track(new Kind(2));
		const fussy = (n: number) => {
			if (n === 3) throw new RangeError('three');
			return n;
		};
		for (const chunksize of [1, 2, 5]) {
			const results = pool.imap(fussy, [1, 2, 3, 4, 5], { chunksize });
			expect(await drain(results)).toEqual({ results: [1, 2], error: new RangeError('three') });
			expect(await results.next()).toEqual({ done: true, value: undefined });
		}
		const { results, error } = await drain(pool.imapUnordered(fussy, [3, 4, 5]));
		expect(error).toEqual(new RangeError('three'));
		expect([4, 5]).toEqual(expect.arrayContaining(results));
		expect(await pool.apply(double, [21])).toBe(42);
	});

	it('draws no more of an endless input than its buffer holds, and closes it when left', async () => {
		const pool = track(new Kind(2));
		for (const isOrdered of [true, false]) {
			let drawn = 0;
			let isClosed = false;
			function* endless() {
				try {
					for (;;) yield drawn++;
				} finally {
					isClosed = true;
				}
			}
			const options = { buffersize: 5 };
			const input = endless();
			const results = isOrdered
				? pool.imap(double, input, options)
				: pool.imapUnordered(double, input, options);
			let taken = 0;
			for await (const result of results) {
				expect(result % 2).toBe(0);
				taken++;
				expect(drawn).toBeLessThanOrEqual(taken + 5);
				if (taken === 50) break;
			}
			expect(isClosed).toBe(true);
			expect((await results.next()).done).toBe(true);
		}
	});

	it('draws from an asynchronous input', async () => {
		const pool = track(new Kind(2));
		async function* input() {
			for (let n = 0; n < 20; n++) {
				await new Promise((resolve) => setImmediate(resolve));
				yield n;
			}
		}
		const expected = Array.from({ length: 20 }, (_, n) => n * 2);
		expect(await drain(pool.imap(double, input(), { buffersize: 1 }))).toEqual({ results: expected });
		expect(await drain(pool.imap(double, input(), { chunksize: 3 }))).toEqual({ results: expected });
		const unordered = await drain(pool.imapUnordered(double, input()));
		expect(unordered.results.sort((a, b) => a - b)).toEqual(expected);
	});

	it('gives the results as they come when their order does not matter', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const wait = async (gate: string) => {
			await passed(gate);
			return gate;
		};
		const gates = [1, 2, 3, 4].map(file);
		const results = pool.imapUnordered(wait, gates);
		mark(file(2));
		expect((await results.next()).value).toBe(file(2));
		mark(file(3));
		expect((await results.next()).value).toBe(file(3));
		for (const gate of gates) mark(gate);
		expect((await drain(results)).results.sort()).toEqual([file(1), file(4)]);
	});

	it('hands over the results of a very large chunk', async () => {
		const pool = track(new Kind(1));
		const items = Array.from({ length: 200_000 }, (_, n) => n);
		let sum = 0;
		for await (const result of pool.imap(double, items, { chunksize: items.length })) sum += result;
		expect(sum).toBe(200_000 * 199_999);
	});

	it('answers each of several next() that wait at once', async () => {
		const pool = track(new Kind(2));
		const results = pool.imap(double, [1, 2, 3], { buffersize: 1 });
		const answers = await Promise.all([1, 2, 3, 4, 5].map(() => results.next()));
		expect(answers.map(({ value }) => value)).toEqual([2, 4, 6, undefined, undefined]);
	});

	it('ends a next() that waits when it is left', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const results = pool.imap(passed, [file('never')]);
		const waiting = results.next();
		expect(await results.return?.()).toEqual({ done: true, value: undefined });
		expect(await waiting).toEqual({ done: true, value: undefined });
		mark(file('never'));
	});

	it('does not wait for an input that is stuck to tell of an error', async () => {
		const pool = track(new Kind(1));
		let isClosed = false;
		async function* stuck() {
			try {
				yield 1;
				await new Promise(() => {});
			} finally {
				isClosed = true;
			}
		}
		const fail = () => {
			throw new Error('the first');
		};
		expect((await drain(pool.imap(fail, stuck()))).error).toEqual(new Error('the first'));
		expect(isClosed).toBe(false);
	});

	it('can be aborted while its input is stuck', async () => {
		const pool = track(new Kind(1));
		const controller = new AbortController();
		async function* stuck() {
			yield 1;
			await new Promise(() => {});
		}
		const results = pool.imap(double, stuck(), { signal: controller.signal });
		expect((await results.next()).value).toBe(2);
		const waiting = errorOf(results.next());
		controller.abort(new Error('enough'));
		expect(await waiting).toEqual(new Error('enough'));
		expect((await results.next()).done).toBe(true);
		expect((await drain(pool.imap(double, [1], { signal: controller.signal }))).error).toEqual(
			new Error('enough'),
		);
	});

	it('cancels what has not started when it is left', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const begin = (n: number) => markAndPass(file(n), file('gate'));
		const results = pool.imap(begin, [1, 2, 3]);
		await there(file(1));
		await results.return?.();
		mark(file('gate'));
		expect(
			await pool.apply((paths: string[]) => paths.map((path) => existsSync(path)), [[2, 3].map(file)]),
		).toEqual([false, false]);
	});

	it('gives what comes before an item that runs too long, then TimeoutError, and ends', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const run = (n: number) => {
			if (n === 2) for (;;);
			return n;
		};
		const results = pool.imap(run, [0, 1, 2, 3], { timeout: 1_500 });
		const { results: before, error } = await drain(results);
		expect(before).toEqual([0, 1]);
		expect(error).toBeInstanceOf(TimeoutError);
		expect((await results.next()).done).toBe(true);
		await expect(pool.map(run, [2], { timeout: 50 })).rejects.toThrow(TimeoutError);
		expect(await pool.apply(markAndPass, [file('begun'), file('begun')])).toBeTypeOf('number');
	});

	it('goes on after close, which lets it draw the rest of its input', async () => {
		const pool = track(new Kind(2));
		const results = pool.imap(double, [1, 2, 3, 4], { buffersize: 1 });
		pool.close();
		expect(await drain(results)).toEqual({ results: [2, 4, 6, 8] });
		await pool.join();
	});

	it('rejects when the pool is terminated', async () => {
		const pool = track(new Kind(1));
		let isClosed = false;
		function* endless() {
			try {
				for (;;) yield 1;
			} finally {
				isClosed = true;
			}
		}
		const results = pool.imap(double, endless(), { buffersize: 2 });
		await results.next();
		await pool.terminate();
		const { error } = await drain(results);
		expect(error).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		await until(() => isClosed);
	});
});
