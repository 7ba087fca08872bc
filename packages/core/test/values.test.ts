import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';

class Temperature {
	constructor(public celsius: number) {}
	get kelvin() {
		return this.celsius + 273.15;
	}
}

const there = (value: unknown) => value;

const plain: Record<string, unknown> = {
	undefined: undefined,
	null: null,
	true: true,
	'an empty string': '',
	'a string with NUL and lone surrogates': 'a\0b\ud800c\udc00',
	'2^53 and its neighbours': [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2],
	'minus zero': -0,
	NaN: Number.NaN,
	infinities: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
	'BigInts small and large': [0n, -1n, 10n ** 1000n],
	'a Date': new Date(1e12),
	'a RegExp': /a(?<name>b)/giu,
	'a Map with odd keys': new Map<unknown, unknown>([
		[Number.NaN, 1],
		[-0, 2],
		['__proto__', 3],
	]),
	'a Set': new Set([1, 'a', null]),
	'boxed primitives': [Object(1), Object('s'), Object(false)],
	'typed arrays': [
		new Int8Array([1]),
		new Uint8Array([2]),
		new Uint8ClampedArray([3]),
		new Int16Array([4]),
		new Uint16Array([5]),
		new Int32Array([6]),
		new Uint32Array([7]),
		new Float32Array([8.5]),
		new Float64Array([9.5]),
		new BigInt64Array([10n]),
		new BigUint64Array([11n]),
	],
	'a view with an offset': new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2),
	'a DataView': new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
	'an ArrayBuffer': new Uint8Array([1, 2]).buffer,
	'a Buffer': Buffer.from('bytes'),
	'a URL': new URL('https://user@example.org:8080/p?q=1#h'),
	// biome-ignore lint/suspicious/noSparseArray: holes are to stay holes
	'an array with holes': [, 1, , 2, ,],
	'an array with names': Object.assign([1], { name: 'x' }),
	'keys like indexes': { 2: 'b', 1: 'a', x: 'c' },
	'keys of Object.prototype': { constructor: 1, toString: 2, hasOwnProperty: 3 },
	'a deep object': { a: [{ b: new Map([['c', new Set([{ d: 1n }])]]) }] },
	// biome-ignore lint/suspicious/noThenProperty: it is data
	'an object that is not a promise': { then: 1 },
};

describe.each(media)('a value crosses whole to a %s and back:', (medium) => {
	const host = hostFor(medium);

	it.each(Object.entries(plain))('%s', async (_, value) => {
		const back = await host.call(there, [value]);
		expect(isDeepStrictEqual(back, value)).toBe(true);
		const captured = await host.call(() => [value, { value }], []);
		expect(isDeepStrictEqual(captured, [value, { value }])).toBe(true);
	});

	it('URLSearchParams', async () => {
		const back = await host.call(there, [new URLSearchParams('a=1&a=2')]);
		expect(back).toBeInstanceOf(URLSearchParams);
		expect(String(back)).toBe('a=1&a=2');
	});

	it('symbols of the registry and well-known ones', async () => {
		const symbols = [Symbol.for('mine'), Symbol.iterator];
		expect(await host.call(there, [symbols])).toEqual(symbols);
	});

	it('an object without a prototype', async () => {
		const bare = Object.assign(Object.create(null), { a: 1 });
		expect(isDeepStrictEqual(await host.call(there, [bare]), bare)).toBe(true);
	});

	it('instances of a class, at any depth, as what they are', async () => {
		const read = (list: Temperature[]) => list.map(({ kelvin }) => kelvin);
		expect(await host.call(read, [[new Temperature(0), new Temperature(1)]])).toEqual([273.15, 274.15]);
		const back = (await host.call(there, [{ deep: [new Temperature(2)] }])) as { deep: Temperature[] };
		expect(back.deep[0]).toBeInstanceOf(Temperature);
	});

	it('cycles through objects, arrays, Maps and Sets', async () => {
		type Knot = { self?: Knot; list: unknown[]; map: Map<unknown, unknown>; set: Set<unknown> };
		const knot: Knot = { list: [], map: new Map(), set: new Set() };
		knot.self = knot;
		knot.list.push(knot.list, knot);
		knot.map.set(knot.map, knot);
		knot.set.add(knot.set).add(knot);
		const check = (it: Knot) => [
			it.self === it,
			it.list[0] === it.list && it.list[1] === it,
			it.map.get(it.map) === it,
			it.set.has(it.set) && it.set.has(it),
		];
		expect(await host.call(check, [knot])).toEqual([true, true, true, true]);
		expect(check((await host.call(there, [knot])) as Knot)).toEqual([true, true, true, true]);
	});

	it('what is the same twice is the same there', async () => {
		const twice = { n: 1 };
		const instance = new Temperature(1);
		const date = new Date(0);
		const same = (...values: unknown[]) => values.map((value, at) => value === values[at - 1]);
		const expected = [false, true, false, true, false, true];
		expect(await host.call(same, [twice, twice, instance, instance, date, date])).toEqual(expected);
	});

	it('views of one buffer are views of one buffer', async () => {
		const buffer = new ArrayBuffer(4);
		const write = (bytes: Uint8Array, word: Uint32Array) => {
			bytes[0] = 7;
			return word[0];
		};
		expect(await host.call(write, [new Uint8Array(buffer), new Uint32Array(buffer)])).toBe(7);
	});

	it('what an object holds besides, in Maps, Sets and arrays that have properties', async () => {
		const map = Object.assign(new Map([[1, there]]), { label: 'm' });
		const set = Object.assign(new Set([1]), { label: 's' });
		const labels = (...all: { label: string }[]) => all.map(({ label }) => label);
		expect(await host.call(labels, [map, set])).toEqual(['m', 's']);
	});

	it('frozen objects, whose copies are not frozen', async () => {
		const frozen = Object.freeze({ list: Object.freeze([1]) });
		expect(await host.call((value: typeof frozen) => [value, Object.isFrozen(value)], [frozen])).toEqual([
			{ list: [1] },
			false,
		]);
	});

	it('a getter as the value it gives', async () => {
		const value = {
			get n() {
				return 5;
			},
		};
		const look = (it: object) => Object.getOwnPropertyDescriptor(it, 'n');
		expect(await host.call(look, [value])).toMatchObject({ value: 5, writable: true });
	});

	it('an invalid Date', async () => {
		const back = await host.call((date: Date) => [date, date.getTime()], [new Date(Number.NaN)]);
		expect(back).toEqual([new Date(Number.NaN), Number.NaN]);
	});

	it('objects whose toJSON lies or throws, without asking it', async () => {
		const odd = { n: 1, toJSON: () => ({ n: 2 }) };
		expect(await host.call(({ n }: { n: number }) => n, [odd])).toBe(1);
	});

	it('100,000 keys, and strings of 16 MB', async () => {
		const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n]));
		const count = (value: object, text: string) => [Object.keys(value).length, text.length];
		expect(await host.call(count, [many, 'é'.repeat(2 ** 24)])).toEqual([100_000, 2 ** 24]);
	});

	it('memory shared between threads is shared, and refused towards a process', async () => {
		const memory = new SharedArrayBuffer(8);
		const words = new Int32Array(memory, 4, 1);
		const use = (raw: SharedArrayBuffer, view: Int32Array, bytes: Buffer) => {
			view[0] = 5;
			bytes[0] = 9;
			return [raw === view.buffer, view.byteOffset, Buffer.isBuffer(bytes)];
		};
		const call = () => host.call(use, [memory, words, Buffer.from(memory, 0, 4)]);
		if (medium === 'process') return expect(call).toThrow('is memory shared between threads');
		expect(await call()).toEqual([true, 4, true]);
		expect([...new Int32Array(memory)]).toEqual([9, 5]);
	});

	it('a RegExp, which starts anew', async () => {
		const sticky = /a/y;
		sticky.test('aa');
		expect(await host.call((expression: RegExp) => expression.lastIndex, [sticky])).toBe(0);
	});
});
