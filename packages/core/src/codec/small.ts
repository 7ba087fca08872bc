/** A value that holds no others: it needs no codec, and a copy of the reference is a snapshot. */
export type Small = undefined | null | boolean | number | string;

/** A longer string is not small. */
const LONGEST = 0x2000;

export function isSmall(value: unknown): value is Small {
	switch (typeof value) {
		case 'number':
		case 'boolean':
		case 'undefined':
			return true;
		case 'string':
			return value.length <= LONGEST;
		default:
			return value === null;
	}
}

/** So few that to look at each costs less than the codec. */
const MOST = 8;

/** A copy of a short list of small values; null for any other. */
export function smallList(values: readonly unknown[]): Small[] | null {
	const { length } = values;
	if (length > MOST) return null;
	const copy = new Array<Small>(length);
	for (let at = 0; at < length; at++) {
		const value = values[at];
		if (!isSmall(value)) return null;
		copy[at] = value;
	}
	return copy;
}
