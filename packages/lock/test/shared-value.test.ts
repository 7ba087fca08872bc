import { inspect } from 'node:util';
import { type Kinds, SharedValue } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { media, startIn } from './support/workers.js';

const integers: [keyof Kinds, number, number][] = [
	['int8', -128, 127],
	['uint8', 0, 255],
	['int16', -32768, 32767],
	['uint16', 0, 65535],
	['int32', -(2 ** 31), 2 ** 31 - 1],
	['uint32', 0, 2 ** 32 - 1],
];

describe.each(integers)('a shared %s', (type, lowest, highest) => {
	const make = (initial?: number) => new SharedValue(type as 'int32', initial);

	it('holds what the type holds, and nothing else', () => {
		const shared = make();
		expect(shared.value).toBe(0);
		for (const value of [lowest, highest]) {
			shared.value = value;
			expect(shared.value).toBe(value);
			expect(make(value).value).toBe(value);
		}
		for (const wrong of [lowest - 1, highest + 1, 0.5, Number.NaN]) {
			expect(() => (shared.value = wrong)).toThrow(RangeError);
			expect(() => shared.exchange(wrong)).toThrow(RangeError);
			expect(() => shared.add(wrong)).toThrow(RangeError);
			expect(() => shared.compareExchange(highest, wrong)).toThrow(RangeError);
			expect(() => make(wrong)).toThrow(RangeError);
		}
		expect(() => (shared.value = '1' as unknown as number)).toThrow(TypeError);
		expect(shared.value).toBe(highest);
	});

	it('has every operation, each returning what was there before', () => {
		const shared = make(12);
		expect([shared.add(3), shared.value]).toEqual([12, 15]);
		expect([shared.sub(1), shared.value]).toEqual([15, 14]);
		expect([shared.and(7), shared.value]).toEqual([14, 6]);
		expect([shared.or(1), shared.value]).toEqual([6, 7]);
		expect([shared.xor(2), shared.value]).toEqual([7, 5]);
		expect([shared.exchange(9), shared.value]).toEqual([5, 9]);
		expect([shared.compareExchange(8, 1), shared.value]).toEqual([9, 9]);
		expect([shared.compareExchange(9, 1), shared.value]).toEqual([9, 1]);
	});

	it('wraps around when added to', () => {
		const shared = make(highest);
		expect([shared.add(1), shared.value]).toEqual([highest, lowest]);
		expect([shared.sub(1), shared.value]).toEqual([lowest, highest]);
	});
});

it.each([
	['bigint64', -(2n ** 63n), 2n ** 63n - 1n],
	['biguint64', 0n, 2n ** 64n - 1n],
] as const)('a shared %s holds and changes bigints', (type, lowest, highest) => {
	const shared = new SharedValue(type, highest);
	expect([shared.add(1n), shared.value]).toEqual([highest, lowest]);
	expect([shared.sub(1n), shared.value]).toEqual([lowest, highest]);
	expect([shared.exchange(12n), shared.and(6n), shared.or(3n), shared.xor(1n), shared.value]).toEqual([
		highest,
		12n,
		4n,
		7n,
		6n,
	]);
	expect([shared.compareExchange(5n, 1n), shared.compareExchange(6n, 1n), shared.value]).toEqual([
		6n,
		6n,
		1n,
	]);
	expect(() => (shared.value = highest + 1n)).toThrow(RangeError);
	expect(() => (shared.value = lowest - 1n)).toThrow(RangeError);
	expect(() => (shared.value = 1 as unknown as bigint)).toThrow(TypeError);
});

it.each(['float32', 'float64'] as const)('a shared %s adds, and compares as numbers', (type) => {
	const shared = new SharedValue(type, 1.5);
	expect([shared.add(2), shared.sub(1), shared.value]).toEqual([1.5, 3.5, 2.5]);
	expect([shared.compareExchange(2, 9), shared.compareExchange(2.5, Number.NaN)]).toEqual([2.5, 2.5]);
	expect([shared.compareExchange(Number.NaN, -0), shared.compareExchange(0, 7), shared.value]).toEqual([
		Number.NaN,
		-0,
		7,
	]);
	shared.value = Number.NEGATIVE_INFINITY;
	expect(shared.value).toBe(Number.NEGATIVE_INFINITY);
	expect(() => (shared.value = 1n as unknown as number)).toThrow(TypeError);
	expect(() => shared.and(1 as never)).toThrow(`a ${type} has no and`);
});

it('a shared float32 finds the number it was given, though that is rounded', () => {
	const shared = new SharedValue('float32', 0.1);
	expect(shared.value).toBe(Math.fround(0.1));
	shared.compareExchange(0.1, 2);
	expect(shared.value).toBe(2);
});

it('a shared bool is true or false', () => {
	const shared = new SharedValue('bool');
	expect(shared.value).toBe(false);
	expect([shared.exchange(true), shared.value]).toEqual([false, true]);
	expect([shared.and(false), shared.or(true), shared.xor(true), shared.value]).toEqual([
		true,
		false,
		true,
		false,
	]);
	expect([shared.compareExchange(false, true), shared.value]).toEqual([false, true]);
	expect(() => (shared.value = 1 as unknown as boolean)).toThrow(TypeError);
	expect(() => shared.add(true as never)).toThrow('a bool has no add');
});

it('an unknown type is refused', () => {
	for (const type of ['int', 'toString', '__proto__']) {
		expect(() => new SharedValue(type as 'int32')).toThrow(TypeError);
	}
});

it('says its type and value', () => {
	expect(inspect(new SharedValue('int32', 5))).toBe('SharedValue (int32 5)');
	expect(`${new SharedValue('bigint64', 5n, { name: 'hits' })}`).toBe('SharedValue "hits" (bigint64 5)');
});

describe.each(media)('four of a kind, each a %s,', (medium) => {
	const start = startIn(medium);

	it.each(['int32', 'float64', 'float32', 'bigint64'] as const)(
		'that add to a shared %s lose nothing',
		async (type) => {
			const total = new SharedValue<keyof Kinds>(type);
			const times = medium === 'thread' ? 20_000 : 200;
			const adders = Array.from({ length: 4 }, () => start('add', { total, times }));
			await Promise.all(adders.map((adder) => adder.next()));
			expect(Number(total.value)).toBe(4 * times);
		},
	);

	it('that count under its lock lose nothing', async () => {
		const total = new SharedValue('int32');
		const times = medium === 'thread' ? 5000 : 50;
		const { lock } = total;
		expect(total.lock).toBe(lock);
		const counters = [true, false, true, false].map((sync) =>
			start('count-under-lock', { lock, total, sync, times, kind: 'Lock' }),
		);
		await Promise.all(counters.map((counter) => counter.next()));
		expect(total.value).toBe(4 * times);
		expect(lock.locked).toBe(false);
	});
});
