import type { Kinds, Views } from './kinds.js';

interface ViewClass<View> {
	readonly BYTES_PER_ELEMENT: number;
	new (memory: SharedArrayBuffer, offset: number, length: number): View;
}

const classes: { [K in keyof Kinds]: ViewClass<Views[K]> } = {
	int8: Int8Array,
	uint8: Uint8Array,
	int16: Int16Array,
	uint16: Uint16Array,
	int32: Int32Array,
	uint32: Uint32Array,
	float32: Float32Array,
	float64: Float64Array,
	bigint64: BigInt64Array,
	biguint64: BigUint64Array,
	bool: Uint8Array,
};

/** How many bytes a value of this type takes. Throws a TypeError when there is no such type. */
export function bytesOf(type: keyof Kinds): number {
	if (Object.hasOwn(classes, type)) return classes[type].BYTES_PER_ELEMENT;
	throw new TypeError(
		`there is no type ${JSON.stringify(type)}; there are ${Object.keys(classes).join(', ')}`,
	);
}

/** The typed array over so many values of this type at that place. */
export function viewAt<K extends keyof Kinds>(
	type: K,
	memory: SharedArrayBuffer,
	offset: number,
	length: number,
): Views[K] {
	return new classes[type](memory, offset, length);
}
