import { inspect } from 'node:util';
import { type Kinds, Lock, SharedArray } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { start } from './support/workers.js';

// Cases of CPython's test/_test_multiprocessing.py, _TestArray: the name in brackets.
const NUMBERS = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];

describe('a shared array', () => {
	it.each([
		['set and at [test_array]', false],
		['the view [test_rawarray]', true],
	])('is changed by another thread with %s', async (_, raw) => {
		const array = new SharedArray('int32', NUMBERS);
		expect(array.length).toBe(NUMBERS.length);
		expect(array.at(3)).toBe(NUMBERS[3]);
		expect([...array.view.slice(2, 7)]).toEqual(NUMBERS.slice(2, 7));
		const changed = [...NUMBERS];
		changed.splice(4, 4, 1, 2, 3, 4);
		array.view.set([1, 2, 3, 4], 4);
		expect([...array]).toEqual(changed);
		await start('sum-up', { array, raw }).next();
		let sum = 0;
		expect([...array]).toEqual(changed.map((number) => (sum += number)));
	});

	it('made of a length holds zeros [test_array_from_size]', () => {
		for (let i = 0; i < 3; i++) {
			const array = new SharedArray('int32', 10);
			expect(array.length).toBe(10);
			expect([...array]).toEqual(new Array(10).fill(0));
			array.view.set(Array.from({ length: 10 }, (_, at) => at));
			expect([...array]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
		}
		expect([...new SharedArray('bigint64', 2)]).toEqual([0n, 0n]);
		expect([...new SharedArray('bool', 2)]).toEqual([false, false]);
		expect([...new SharedArray('float64', 0)]).toEqual([]);
	});

	it('has a lock and a view, the same at every call [test_getobj_getlock_obj]', () => {
		const array = new SharedArray('int32', NUMBERS);
		expect(array.lock).toBeInstanceOf(Lock);
		expect(array.lock).toBe(array.lock);
		expect(array.view).toBe(array.view);
		expect(array.view.buffer).toBeInstanceOf(SharedArrayBuffer);
		array.lock.withSync(() => array.set(0, 1));
		expect(array.view[0]).toBe(1);
	});

	it('takes lengths that are lengths', () => {
		for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 53 - 1, 2 ** 48]) {
			expect(() => new SharedArray('float64', length)).toThrow(RangeError);
			expect(() => new SharedArray('float64', length)).toThrow(/^length /);
		}
		for (const wrong of [undefined, null, {}, 3n, true]) {
			expect(() => new SharedArray('int32', wrong as never)).toThrow(TypeError);
		}
		for (const type of ['int', 'toString', '__proto__']) {
			expect(() => new SharedArray(type as 'int32', 1)).toThrow(TypeError);
		}
	});

	it('draws its items once, whatever iterable they come from', () => {
		let drawn = 0;
		function* items() {
			for (; drawn < 3; drawn++) yield drawn;
		}
		expect([...new SharedArray('uint8', items())]).toEqual([0, 1, 2]);
		expect(drawn).toBe(3);
		expect([...new SharedArray('int32', new Set([1, 2]))]).toEqual([1, 2]);
		expect([...new SharedArray('int16', new SharedArray('int32', [1, 2]))]).toEqual([1, 2]);
		expect(() => new SharedArray('uint8', [1, 256])).toThrow(RangeError);
		expect(() => new SharedArray('uint8', '12' as never)).toThrow(TypeError);
		// biome-ignore lint/suspicious/noSparseArray: a hole is no number
		expect(() => new SharedArray('uint8', [1, , 3] as number[])).toThrow(TypeError);
	});

	it('is read like an array: from the end, and undefined outside', () => {
		const items = [1, 2, 3];
		const array = new SharedArray('int8', items);
		for (const index of [0, 2, 3, -1, -3, -4, 1.9, -0.5, Number.NaN, Number.POSITIVE_INFINITY, -Infinity]) {
			expect(array.at(index)).toBe(items.at(index));
		}
		expect(new SharedArray('int8', 0).at(0)).toBeUndefined();
	});

	it('is written inside only, and from the end too', () => {
		const array = new SharedArray('int8', [1, 2, 3]);
		array.set(0, 10);
		array.set(-1, 30);
		for (const index of [3, -4, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as never]) {
			expect(() => array.set(index, 9)).toThrow(RangeError);
			expect(() => array.set(index, 9)).toThrow(/^index /);
		}
		expect(() => new SharedArray('int8', 0).set(0, 9)).toThrow(RangeError);
		expect([...array]).toEqual([10, 2, 30]);
	});

	const limits: [keyof Kinds, unknown, unknown, unknown[]][] = [
		['int8', -128, 127, [-129, 128, 0.5, Number.NaN]],
		['uint8', 0, 255, [-1, 256, 0.5]],
		['int16', -32768, 32767, [-32769, 32768]],
		['uint16', 0, 65535, [-1, 65536]],
		['int32', -(2 ** 31), 2 ** 31 - 1, [-(2 ** 31) - 1, 2 ** 31]],
		['uint32', 0, 2 ** 32 - 1, [-1, 2 ** 32]],
		['bigint64', -(2n ** 63n), 2n ** 63n - 1n, [-(2n ** 63n) - 1n, 2n ** 63n]],
		['biguint64', 0n, 2n ** 64n - 1n, [-1n, 2n ** 64n]],
	];
	it.each(limits)('of %s holds %s to %s, and nothing else', (type, lowest, highest, wrong) => {
		const array = new SharedArray<keyof Kinds>(type, [lowest, highest, lowest] as never);
		for (const value of wrong) expect(() => array.set(1, value as never)).toThrow(RangeError);
		for (const value of ['1', undefined, null, {}])
			expect(() => array.set(1, value as never)).toThrow(TypeError);
		expect([...array]).toEqual([lowest, highest, lowest]);
	});

	it('of floats holds what a float holds', () => {
		const single = new SharedArray('float32', [0.1, Number.NaN, -0, Number.POSITIVE_INFINITY]);
		expect([...single]).toEqual([Math.fround(0.1), Number.NaN, -0, Number.POSITIVE_INFINITY]);
		const double = new SharedArray('float64', [0.1, Number.MAX_VALUE, -0]);
		expect([...double]).toEqual([0.1, Number.MAX_VALUE, -0]);
		expect(() => double.set(0, 1n as never)).toThrow(TypeError);
	});

	it('of bools holds true and false, in bytes', () => {
		const flags = new SharedArray('bool', [true, false]);
		flags.set(-1, true);
		flags.set(0, false);
		expect([flags.at(0), flags.at(1), flags.at(2)]).toEqual([false, true, undefined]);
		expect(flags.view).toEqual(new Uint8Array(new SharedArrayBuffer(2)).fill(1, 1));
		expect(() => flags.set(0, 1 as never)).toThrow(TypeError);
	});

	it('says its type and its items', () => {
		expect(inspect(new SharedArray('int32', [1, 2], { name: 'hits' }))).toBe(
			'SharedArray "hits" (int32 [1, 2])',
		);
		expect(`${new SharedArray('bool', 1)}`).toBe('SharedArray (bool [false])');
		expect(`${new SharedArray('uint8', 0)}`).toBe('SharedArray (uint8 [])');
		expect(`${new SharedArray('uint8', 1000)}`).toMatch(/0, … 900 more\]\)$/);
	});

	it.each(['float64', 'bigint64'] as const)('of %s is never read half written', async (type) => {
		const values =
			type === 'float64' ? [2 ** 300, -Math.PI] : [0x1111_1111_1111_1111n, 0x2222_2222_2222_2222n];
		const array = new SharedArray<keyof Kinds>(type, [values[0], values[0]] as never);
		let finished = false;
		void start('flip', { array, values, times: 100_000 })
			.next()
			.then(() => {
				finished = true;
			});
		const seen = new Set<unknown>();
		while (!finished) {
			for (let i = 0; i < 10_000; i++) seen.add(array.at(-1));
			await new Promise(setImmediate);
		}
		expect([...seen].filter((value) => !values.includes(value as never))).toEqual([]);
	});

	it('changed under its lock by four threads loses nothing', async () => {
		const array = new SharedArray('float64', 10);
		const threads = Array.from({ length: 4 }, () => start('count-in-array', { array, times: 1000 }));
		await Promise.all(threads.map((thread) => thread.next()));
		expect([...array]).toEqual(new Array(10).fill(4000));
		expect(array.lock.locked).toBe(false);
	});
});
