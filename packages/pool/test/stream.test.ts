import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { CaptureError, PoolClosedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, passed } from './fixtures/tasks.mjs';
import { drain, files, kinds, there, track, whoami } from './support/pools.js';

const identity = (n: number) => n;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

function* count(to: number) {
	for (let n = 0; n < to; n++) yield n;
}

/** To be run by a worker: says by one more byte in a file that something was done. */
const note = (path: string) => appendFileSync(path, '.');
const noted = (path: string) => (existsSync(path) ? readFileSync(path).length : 0);

describe.each(kinds)('a stream of a $name', ({ name, Kind }) => {
	it('waits for items that are promises, as for await does', async () => {
		const pool = track(new Kind(1));
		function* promises() {
			yield Promise.resolve(1);
			yield 2;
			yield Promise.reject(new RangeError('the third'));
		}
		expect(await drain(pool.stream(promises))).toEqual({
			results: [1, 2],
			error: new RangeError('the third'),
		});
	});

	it('that is left makes no items that were wanted before, though its generator never pauses', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 2 ** 31 }));
		const file = files();
		function* busy(made: string, begun: string, gate: string) {
			for (let n = 0; n < 1_000; n++) {
				note(made);
				if (n === 2) {
					mark(begun);
					while (!existsSync(gate));
					for (const from = performance.now(); performance.now() - from < 20; );
				}
				yield n;
			}
		}
		const items = pool.stream(busy, [file('made'), file('begun'), file('gate')], { buffersize: 1_000 });
		await there(file('begun'));
		const returned = items.return?.();
		await new Promise((resolve) => setImmediate(resolve)); // it has left
		mark(file('gate'));
		await returned;
		expect(noted(file('made'))).toBe(3);
	});

	it('that is left twice ends twice, when its generator is closed', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 2 ** 31 }));
		const file = files();
		async function* slow(gate: string, closed: string) {
			try {
				for (;;) yield 1;
			} finally {
				await passed(gate);
				mark(closed);
			}
		}
		const items = pool.stream(slow, [file('gate'), file('closed')]);
		await items.next();
		const both = [items.return?.(), items.return?.()].map((left) =>
			left?.then(() => existsSync(file('closed'))),
		);
		await new Promise((resolve) => setImmediate(resolve));
		mark(file('gate'));
		expect(await Promise.all(both)).toEqual([true, true]);
	});

	it('rejects with what cannot cross and where it is, and closes its generator', async () => {
		const pool = track(new Kind(1));
		const file = files();
		function* weak(closed: string) {
			try {
				yield 1;
				yield { deep: [new WeakMap()] };
			} finally {
				mark(closed);
				// biome-ignore lint/correctness/noUnsafeFinally: it is what is tested
				throw new Error('of the finally, which does not hide it');
			}
		}
		const { results, error } = await drain(pool.stream(weak, [file('closed')]));
		expect(results).toEqual([1]);
		expect(error).toBeInstanceOf(CaptureError);
		expect((error as Error).message).toContain('an item of `weak`');
		expect((error as Error).message).toContain('item.deep[0]');
		expect(existsSync(file('closed'))).toBe(true);
		function* weakEnd() {
			yield 1;
			return new WeakMap();
		}
		const end = await drain(pool.stream(weakEnd as () => Generator<number>));
		expect(end).toMatchObject({ results: [1], error: { code: 'CONC_CAPTURE' } });
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 0 });
	});

	it.each([2 ** 31, Number.POSITIVE_INFINITY])('that is left may take %d ms to end', async (gracePeriod) => {
		const pool = track(new Kind({ workers: 1, gracePeriod }));
		const file = files();
		async function* slow(gate: string, closed: string) {
			try {
				for (;;) yield await whoami();
			} finally {
				await passed(gate);
				mark(closed);
			}
		}
		const items = pool.stream(slow, [file('gate'), file('closed')]);
		const { value: worker } = await items.next();
		const returned = items.return?.();
		await new Promise((resolve) => setTimeout(resolve, 50));
		mark(file('gate'));
		await returned;
		expect(existsSync(file('closed'))).toBe(true);
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it('holds up no task that another worker could do, however short streams of its function were', async () => {
		const pool = track(new Kind(2));
		const list = (to: number) => Array.from({ length: to }, (_, n) => n);
		for (let round = 0; round < 20; round++) {
			await drain(pool.stream(list, [2]));
			await Promise.all(numbers(50).map((n) => pool.apply(identity, [n])));
		}
		const items = pool.stream(list, [100], { buffersize: 1 });
		await items.next();
		const calls = numbers(1_000).map((n) => pool.apply(identity, [n]));
		expect(await Promise.all(calls)).toEqual(numbers(1_000)); // while nobody reads on
		expect((await drain(items)).results).toEqual(numbers(100).slice(1));
	});

	it('refuses at the call what makes no sense, and takes nothing over', async () => {
		const pool = track(new Kind(1));
		const stream = pool.stream.bind(pool) as (...args: unknown[]) => AsyncIterableIterator<unknown>;
		const buffer = new ArrayBuffer(8);
		const refused: [args: unknown[], kind: typeof Error, message: string][] = [
			[[5], TypeError, 'fn must be a function, not a number'],
			[[], TypeError, 'fn must be a function, not undefined'],
			[[count, 5], TypeError, 'args must be an array, not a number'],
			[[count, [1], 5], TypeError, 'options must be an object, not 5'],
			[[count, [1], null], TypeError, 'options must be an object, not null'],
			[[count, [1], { signal: {} }], TypeError, 'signal must be an AbortSignal, not an object'],
			[[count, [1], { onProgress: 5 }], TypeError, 'onProgress must be a function, not 5'],
			[[count, [1], { timeout: -1 }], RangeError, 'timeout'],
		];
		for (const [buffersize, kind, message] of [
			[0, RangeError, 'buffersize must be a whole number of at least 1, not 0'],
			[1.5, RangeError, 'buffersize must be a whole number of at least 1, not 1.5'],
			['2', TypeError, 'buffersize must be a number, not a string'],
		] as const)
			refused.push([[count, [buffer], { buffersize, transfer: [buffer] }], kind, message]);
		for (const [args, kind, message] of refused) {
			expect(() => stream(...args)).toThrow(kind);
			expect(() => stream(...args)).toThrow(message);
		}
		expect(buffer.byteLength).toBe(8);
		expect(() => stream(count, [new WeakMap()])).toThrow(CaptureError);
		expect(pool.stats().workers).toBe(0);
		pool.close();
		expect(() => stream(count, [1])).toThrow(PoolClosedError);
	});
});
