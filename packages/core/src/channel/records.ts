import { parseJson } from '../codec/json.js';
import { Json, KeptJson, type Small } from '../codec/small.js';

/** A call on small values, or the answer to one, as it lies in memory that is written and read in place. */
export interface Rec {
	/** Of the call. */
	readonly id: number;
	/** The number of the constant that is called; of an answer, how many microseconds the call took. */
	readonly about: number;
	/** The arguments, or the one result; null where a message by another way says more. */
	readonly values: unknown[] | null;
}

/** Added to the number of a constant whose call has a name, which comes before the arguments. */
export const NAMED = 0x8000_0000;
/** The same for one with which something travels: how much, and of each its carrier and what that has packed, come first. */
export const LADEN = 0x4000_0000;

const LENGTH = 0;
const ID = 4;
const ABOUT = 8;
const COUNT = 12;
export const HEADER_BYTES = 16;
const NO_VALUES = 0xffff_ffff;

const TAGS = {
	undefined: 0,
	null: 1,
	false: 2,
	true: 3,
	integer: 4,
	number: 5,
	ascii: 6,
	text: 7,
	/** A string of these kinds that holds JSON. */
	asciiJson: 8,
	textJson: 9,
	/** The same, to be taken apart by whoever needs it. */
	asciiKept: 10,
	textKept: 11,
} as const;

/** The most bytes that a value takes: a tag, and a number or the length of a string. */
const VALUE_BYTES = 9;
/** To write a string of so few characters one by one takes less than to call the engine. */
const SHORT = 24;

/** Memory that holds records. Each takes a multiple of eight bytes. */
export class Records {
	readonly #view: DataView;
	readonly #bytes: Buffer;

	constructor(bytes: Buffer) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	/** Writes a record at `at` and gives where it ends; -1 when that would be beyond `end`. */
	write(at: number, end: number, id: number, about: number, values: readonly Small[] | null): number {
		if (at + HEADER_BYTES > end) return -1;
		const view = this.#view;
		let next = at + HEADER_BYTES;
		if (values !== null)
			for (let index = 0; index < values.length; index++) {
				next = this.#writeValue(next, end, values[index]);
				if (next === -1) return -1;
			}
		next = (next + 7) & ~7;
		if (next > end) return -1;
		view.setUint32(at + LENGTH, next - at, true);
		view.setUint32(at + ID, id, true);
		view.setUint32(at + ABOUT, about, true);
		view.setUint32(at + COUNT, values === null ? NO_VALUES : values.length, true);
		return next;
	}

	/** How long the record at `at` is. */
	lengthAt(at: number): number {
		return this.#view.getUint32(at + LENGTH, true);
	}

	/** Marks `length` bytes as none. */
	skip(at: number, length: number): void {
		this.#view.setUint32(at + LENGTH, length, true);
		this.#view.setUint32(at + ID, NO_VALUES, true);
	}

	isSkipped(at: number): boolean {
		return this.#view.getUint32(at + ID, true) === NO_VALUES;
	}

	read(at: number): Rec {
		const view = this.#view;
		const count = view.getUint32(at + COUNT, true);
		const record = {
			id: view.getUint32(at + ID, true),
			about: view.getUint32(at + ABOUT, true),
			values: null as unknown[] | null,
		};
		if (count !== NO_VALUES) record.values = this.#readValues(at + HEADER_BYTES, count);
		return record;
	}

	#writeValue(at: number, end: number, value: Small): number {
		if (at + VALUE_BYTES > end) return -1;
		const view = this.#view;
		switch (typeof value) {
			case 'number':
				if ((value | 0) === value && !Object.is(value, -0)) {
					view.setUint8(at, TAGS.integer);
					view.setInt32(at + 1, value, true);
					return at + 5;
				}
				view.setUint8(at, TAGS.number);
				view.setFloat64(at + 1, value, true);
				return at + 9;
			case 'string':
				return this.#writeString(at, end, value, TAGS.ascii, TAGS.text);
			case 'boolean':
				view.setUint8(at, value ? TAGS.true : TAGS.false);
				return at + 1;
			case 'undefined':
				view.setUint8(at, TAGS.undefined);
				return at + 1;
			default:
				if (value instanceof KeptJson)
					return this.#writeString(at, end, value.text, TAGS.asciiKept, TAGS.textKept);
				if (value instanceof Json)
					return this.#writeString(at, end, value.text, TAGS.asciiJson, TAGS.textJson);
				view.setUint8(at, TAGS.null);
				return at + 1;
		}
	}

	#writeString(at: number, end: number, text: string, ifAscii: number, ifText: number): number {
		const { length } = text;
		const from = at + 5;
		if (from + length > end) return -1;
		const isAscii = length <= SHORT ? this.#writeShort(from, text) : Buffer.byteLength(text) === length;
		if (isAscii) {
			if (length > SHORT) this.#bytes.write(text, from, 'latin1');
			this.#view.setUint8(at, ifAscii);
			this.#view.setUint32(at + 1, length, true);
			return from + length;
		}
		if (from + 2 * length > end) return -1;
		this.#bytes.write(text, from, 'utf16le');
		this.#view.setUint8(at, ifText);
		this.#view.setUint32(at + 1, 2 * length, true);
		return from + 2 * length;
	}

	/** False when it is not ASCII. */
	#writeShort(from: number, text: string): boolean {
		for (let index = 0; index < text.length; index++) {
			const code = text.charCodeAt(index);
			if (code > 0x7f) return false;
			this.#view.setUint8(from + index, code);
		}
		return true;
	}

	#readValues(from: number, count: number): unknown[] {
		const view = this.#view;
		const values = new Array<unknown>(count);
		let at = from;
		for (let index = 0; index < count; index++) {
			const tag = view.getUint8(at);
			switch (tag) {
				case TAGS.integer:
					values[index] = view.getInt32(at + 1, true);
					at += 5;
					break;
				case TAGS.number:
					values[index] = view.getFloat64(at + 1, true);
					at += 9;
					break;
				case TAGS.ascii:
				case TAGS.text:
				case TAGS.asciiJson:
				case TAGS.textJson: {
					const isAscii = tag === TAGS.ascii || tag === TAGS.asciiJson;
					const end = at + 5 + view.getUint32(at + 1, true);
					const text = this.#bytes.toString(isAscii ? 'latin1' : 'utf16le', at + 5, end);
					values[index] = tag === TAGS.ascii || tag === TAGS.text ? text : parseJson(text);
					at = end;
					break;
				}
				case TAGS.asciiKept:
				case TAGS.textKept: {
					const end = at + 5 + view.getUint32(at + 1, true);
					const encoding = tag === TAGS.asciiKept ? 'latin1' : 'utf16le';
					values[index] = new KeptJson(this.#bytes.toString(encoding, at + 5, end));
					at = end;
					break;
				}
				case TAGS.true:
					values[index] = true;
					at++;
					break;
				case TAGS.false:
					values[index] = false;
					at++;
					break;
				case TAGS.null:
					values[index] = null;
					at++;
					break;
				default:
					values[index] = undefined;
					at++;
			}
		}
		return values;
	}
}
