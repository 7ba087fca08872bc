import { jsonOf, Look, parseJson } from './json.js';

/** A value that holds no others: a copy of the reference is a snapshot. */
type Primitive = undefined | null | boolean | number | string;

/** A plain object or array, as text. */
export class Json {
	constructor(readonly text: string) {}
}

/** The same, which stays text on the other side until somebody needs it. */
export class KeptJson extends Json {}

/** What goes without the codec: short strings, other primitives, plain objects that are short as text. */
export type Small = Primitive | Json;

/** The most characters a string has that is small, and a plain object as text. */
const LONGEST = 0x2000;
export const LONGEST_TEXT = 0x6000;

/** What is not small. */
export const LARGE = Symbol('large');

/** A value as it is now, if it is small. With those it goes with it shares a look. */
export function toSmall(value: unknown, look = new Look()): Small | typeof LARGE {
	switch (typeof value) {
		case 'number':
		case 'boolean':
		case 'undefined':
			return value;
		case 'string':
			return value.length <= LONGEST ? value : LARGE;
		case 'object': {
			if (value === null) return null;
			const text = jsonOf(value, look);
			return text === null ? LARGE : new Json(text);
		}
		default:
			return LARGE;
	}
}

/** The value again. */
export function fromSmall(small: Small): unknown {
	return small instanceof Json ? parseJson(small.text) : small;
}

/** So few that to look at each costs less than the codec. */
const MOST = 8;

/** A short list of small values as it is now; null for any other. */
export function smallList(values: readonly unknown[]): Small[] | null {
	const { length } = values;
	if (length > MOST) return null;
	const list = new Array<Small>(length);
	const look = new Look();
	for (let at = 0; at < length; at++) {
		const small = toSmall(values[at], look);
		if (small === LARGE) return null;
		list[at] = small;
	}
	return list;
}
