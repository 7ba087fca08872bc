import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { kinds, track } from './support/pools.js';

const echo = (value: unknown) => value;
/** What `toEqual` does not see: names of arrays, holes, -0, what is undefined. */
const shown = (value: unknown) => inspect(value, { depth: null, showHidden: false });

const cyclic: Record<string, unknown> = { name: 'ring' };
cyclic.self = cyclic;
const row = { id: 1 };

const values: Record<string, unknown> = {
	'a plain object': { id: 1, name: 'Ann', ok: true, tags: ['a', 'b'], none: null },
	'an object without members': {},
	'an empty array': [],
	'a member that is undefined': { gone: undefined, here: 1 },
	'an array with holes': Object.assign(new Array(3), { 0: 1, 2: 3 }),
	'an array with undefined in it': [undefined, 1],
	'an array with names of its own': 'a-b'.match(/(?<left>\w)-(\w)/),
	'numbers JSON has no word for': { nan: Number.NaN, most: Number.POSITIVE_INFINITY, zero: -0 },
	'doubles and large integers': [0.1, 1e300, 5e-324, 2 ** 53, -(2 ** 31), 2 ** 32],
	'a bigint': { big: 12n },
	'a member named __proto__': JSON.parse('{"__proto__": {"id": 1}, "id": 2}'),
	'a member named toJSON': { toJSON: 'no function', id: 1 },
	'text beyond ASCII': { text: 'é 中文 \u{1f600}', 'ключ ключ': '\u2028 "\\ \u0000' },
	'half of a surrogate pair': { half: '\ud800' },
	'a date in an object': { at: new Date(0) },
	'a map in an object': { map: new Map([[1, { deep: [1] }]]) },
	'an object that is longer than a record': { rows: Array.from({ length: 2_000 }, (_, id) => ({ id })) },
	'a string that is longer than a record': { text: 'x'.repeat(20_000) },
	'deep lists': Array.from({ length: 200 }).reduce((inner) => [inner], 'core'),
};

describe.each(kinds)('plain objects in the calls of a $name', ({ Kind }) => {
	it.each(Object.keys(values))('come and go as they are: %s', async (name) => {
		const pool = track(new Kind(1));
		expect(shown(await pool.apply(echo, [values[name]]))).toBe(shown(values[name]));
	});

	it('keep what is one object one object, and what contains itself', async () => {
		const pool = track(new Kind(1));
		const [first, second] = (await pool.apply(echo, [[row, row]])) as unknown[];
		expect(first).toBe(second);
		expect(await pool.apply((a: unknown, b: unknown) => a === b, [row, row])).toBe(true);
		const ring = (await pool.apply(echo, [cyclic])) as Record<string, unknown>;
		expect(ring.self).toBe(ring);
	});

	it('are sent as they are at the call', async () => {
		const pool = track(new Kind(1));
		const changing = { count: 1, list: [1] };
		const sent = pool.apply(echo, [changing]);
		changing.count = 2;
		changing.list.push(2);
		expect(await sent).toEqual({ count: 1, list: [1] });
	});

	it('are not written as toJSON says', async () => {
		const pool = track(new Kind(1));
		Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'changed', configurable: true });
		try {
			expect(await pool.apply(echo, [{ list: [1, 2] }])).toEqual({ list: [1, 2] });
		} finally {
			Reflect.deleteProperty(Array.prototype, 'toJSON');
		}
		const object = Object.defineProperty({ id: 1 }, 'toJSON', { value: () => 'changed' });
		expect(await pool.apply(echo, [object])).toEqual({ id: 1 });
	});

	it('are refused by name when a getter throws', async () => {
		const pool = track(new Kind(1));
		const broken = {
			get value() {
				throw new RangeError('not now');
			},
		};
		await expect(pool.apply(echo, [{ broken }])).rejects.toThrow('not now');
		expect(await pool.apply(echo, [1])).toBe(1);
	});

	it('do not mix when many of them are under way', async () => {
		const pool = track(new Kind(2));
		const rows = Array.from({ length: 3_000 }, (_, id) => ({ id, text: 'y'.repeat(id % 700), tags: [id] }));
		expect(await Promise.all(rows.map((each) => pool.apply(echo, [each])))).toEqual(rows);
	});
});
