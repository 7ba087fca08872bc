import { decodeData, encodeData, type Medium, type Packed, packValue } from '@conc/core';
import { MOST_BYTES } from './records.js';

// What a record holds. The commonest values have a form of their own, which costs a tenth of the codec.
const PACKED = 0;
const PACKED_WITH_NEEDS = 1;
const TEXT = 2;
const CONSTANT = 3;
/** A number, which is not among the bytes. */
export const NUMBER = 4;
/** What a peer may send that may be any program: nothing in it is code. */
const DATA = 5;

/** Where an item goes: to others of this user, or to any program. */
export type Audience = Medium | 'anybody';

/** A text longer than this is not worth a form of its own. */
const SHORT_TEXT = 1_024;

const constants: readonly unknown[] = [undefined, null, false, true];
export const nothing = new Uint8Array(0);

/** A value on its way through a queue. */
export interface Item {
	readonly kind: number;
	readonly bytes: Uint8Array;
	readonly number: number;
	/** Lower goes first, where that matters. */
	readonly priority: number;
	/** It is put nowhere after all: what is in it was not given away. */
	readonly takeBack?: (() => void) | undefined;
}

/** Throws a CaptureError for what cannot cross. */
export function itemOf(value: unknown, subject: string, to: Audience = 'thread', priority = 0): Item {
	if (typeof value === 'number') return { kind: NUMBER, bytes: nothing, number: value, priority };
	if (typeof value === 'string' && value.length <= SHORT_TEXT && value.isWellFormed())
		return { kind: TEXT, bytes: Buffer.from(value), number: 0, priority };
	const constant = constants.indexOf(value);
	if (constant !== -1) return { kind: CONSTANT, bytes: new Uint8Array([constant]), number: 0, priority };
	if (to === 'anybody') return { kind: DATA, bytes: encodeData(value, subject, 'item'), number: 0, priority };
	const { bytes, hasNeeds, takeBack } = packValue(value, subject, to);
	return { kind: hasNeeds ? PACKED_WITH_NEEDS : PACKED, bytes, number: 0, priority, takeBack };
}

/** The value of what has a form of its own; else what it is packed in. */
export function contentOf({
	kind,
	bytes,
	number,
}: Item): { readonly value: unknown } | { readonly packed: Packed } {
	switch (kind) {
		case NUMBER:
			return { value: number };
		case TEXT:
			return { value: textOf(bytes) };
		case CONSTANT:
			return { value: constants[bytes[0] as number] };
		case DATA:
			return { value: decodeData(bytes) };
		default:
			return { packed: { bytes, hasNeeds: kind === PACKED_WITH_NEEDS } };
	}
}

/** An item between two processes: what is small, and has no priority, is as it is, so that it takes the short way. */
export type WireItem =
	| number
	| string
	| readonly [kind: number, content: string | Uint8Array | null, number: number, priority: number];

export function toWire({ kind, bytes, number, priority }: Item): WireItem {
	if (kind === NUMBER) return priority === 0 ? number : [kind, null, number, priority];
	if (kind !== TEXT) return [kind, bytes, number, priority];
	return priority === 0 ? textOf(bytes) : [kind, textOf(bytes), number, priority];
}

export function fromWire(wire: WireItem): Item {
	if (typeof wire === 'number') return { kind: NUMBER, bytes: nothing, number: wire, priority: 0 };
	if (typeof wire === 'string') return { kind: TEXT, bytes: Buffer.from(wire), number: 0, priority: 0 };
	const [kind, content, number, priority] = wire;
	const bytes = typeof content === 'string' ? Buffer.from(content) : (content ?? nothing);
	return { kind, bytes, number, priority };
}

function textOf(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Throws for an item that may hold code, or is none. */
export function checkData(wire: WireItem): void {
	if (typeof wire === 'number' || isShort(wire) || (Array.isArray(wire) && isData(wire))) return;
	throw new TypeError('an item that may hold code does not go to or come from any program: only data does');
}

function isData(parts: readonly unknown[]): boolean {
	const [kind, content, number, priority] = parts;
	if (parts.length !== 4 || typeof number !== 'number') return false;
	if (typeof priority !== 'number' || Number.isNaN(priority)) return false;
	if (kind === NUMBER) return content === null;
	if (kind === TEXT) return isShort(content);
	if (!(content instanceof Uint8Array)) return false;
	if (kind === CONSTANT) return content.length === 1 && (content[0] as number) < constants.length;
	return kind === DATA && content.length <= MOST_BYTES;
}

function isShort(content: unknown): boolean {
	return typeof content === 'string' && content.length <= SHORT_TEXT;
}
