import { type Packed, packValue } from '@conc/core';

// What kind of bytes a record has. The commonest values have a form of their own, which costs a tenth.
const PACKED = 0;
const PACKED_WITH_NEEDS = 1;
const NUMBER = 2;
const TEXT = 3;
const CONSTANT = 4;

/** A text longer than this is not worth a form of its own. */
const SHORT_TEXT = 1_024;

const constants: readonly unknown[] = [undefined, null, false, true];

/** A value on its way through a queue. */
export interface Item {
	readonly kind: number;
	readonly bytes: Uint8Array;
}

/** Throws a CaptureError for what cannot cross. */
export function itemOf(value: unknown, subject: string): Item {
	if (typeof value === 'number')
		return { kind: NUMBER, bytes: new Uint8Array(new Float64Array([value]).buffer) };
	if (typeof value === 'string' && value.length <= SHORT_TEXT && value.isWellFormed())
		return { kind: TEXT, bytes: Buffer.from(value) };
	const constant = constants.indexOf(value);
	if (constant !== -1) return { kind: CONSTANT, bytes: new Uint8Array([constant]) };
	const { bytes, hasNeeds } = packValue(value, subject);
	return { kind: hasNeeds ? PACKED_WITH_NEEDS : PACKED, bytes };
}

/** The value of what has a form of its own; else what it is packed in. */
export function openItem({ kind, bytes }: Item): { readonly value: unknown } | { readonly packed: Packed } {
	switch (kind) {
		case NUMBER:
			return { value: new Float64Array(bytes.buffer, bytes.byteOffset, 1)[0] };
		case TEXT:
			return { value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() };
		case CONSTANT:
			return { value: constants[bytes[0] as number] };
		default:
			return { packed: { bytes, hasNeeds: kind === PACKED_WITH_NEEDS } };
	}
}
