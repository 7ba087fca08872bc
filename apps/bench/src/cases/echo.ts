import type { Case } from '../measure.js';
import { field } from '../peers/field.js';
import { type Kind, plural } from '../peers/peer.js';
import { flowing, oneByOne } from './flow.js';

const IN_FLIGHT = 32;
const MEGABYTE = 2 ** 20;
const TRIPS = 50;

/** Plain data, as of some rows of a table: 10 KB as JSON. */
const rows = {
	rows: Array.from({ length: 100 }, (_, id) => ({
		id,
		name: `customer number ${id}`,
		score: id / 7,
		active: id % 2 === 0,
		tags: ['north', 'retail'],
	})),
};

const values = { '10 KB object': rows, '1 KB string': 'conc '.repeat(205).slice(0, 1024) };

/** There and back, many in flight. */
export function echo(what: keyof typeof values, kind: Kind): Case {
	const value = values[what];
	return {
		name: `${what} there and back, ${plural(kind)}`,
		unit: 'rate',
		contenders: () =>
			field(kind, { task: 'echo', closure: (it: unknown) => it }, (calls) =>
				flowing(calls, IN_FLIGHT, () => value),
			),
	};
}

/** A megabyte there and back, one at a time: moved where a thread's peer can, else copied. */
export function megabyte(kind: Kind): Case {
	return {
		name: `1 MB of bytes there and back, ${plural(kind)}`,
		unit: 'time',
		contenders: () =>
			field(kind, { task: 'move', closure: (bytes: ArrayBuffer | Uint8Array) => bytes }, ({ call }) => {
				let bytes: ArrayBuffer | Uint8Array =
					kind === 'thread' ? new ArrayBuffer(MEGABYTE) : new Uint8Array(MEGABYTE);
				return oneByOne(TRIPS, async () => {
					const back = await (bytes instanceof ArrayBuffer ? call(bytes, [bytes]) : call(bytes));
					if (!(back instanceof ArrayBuffer || back instanceof Uint8Array) || back.byteLength !== MEGABYTE)
						throw new TypeError('the bytes did not come back as bytes');
					bytes = back;
				});
			}),
	};
}
