import { types } from 'node:util';
import { LONGEST_TEXT } from './small.js';

/** Node's own, whatever a program puts in their places later. */
const { parse, stringify } = JSON;

export { parse as parseJson };

/** An object with more parts is not looked at to its end: the codec is as good for it. */
const MOST_PARTS = 3_000;
const DEEPEST = 100;

/**
 * The text of a plain object or array that JSON gives back as it was, which is quicker than V8's own format for what is
 * short. Null for any other.
 */
export function jsonOf(value: object, look: Look): string | null {
	try {
		if (!look.isFaithful(value, 0)) return null;
		const text = stringify(value);
		return text.length <= LONGEST_TEXT ? text : null;
	} catch {
		return null; // a getter threw: the codec says which
	}
}

/** Looks whether JSON loses anything of some values that go together. */
export class Look {
	/** Objects found so far: one that is found twice would become two. */
	#seen: Set<object> | null = null;
	#first: object | null = null;
	#parts = 0;
	#characters = 0;

	isFaithful(value: unknown, depth: number): boolean {
		switch (typeof value) {
			case 'string':
				this.#characters += value.length;
				return this.#characters <= LONGEST_TEXT;
			case 'boolean':
				return true;
			case 'number':
				return Number.isFinite(value) && !Object.is(value, -0);
			case 'object':
				return value === null || (this.#isNew(value) && depth < DEEPEST && this.#isPlain(value, depth + 1));
			default:
				return false;
		}
	}

	#isNew(value: object): boolean {
		if (this.#first === null) {
			this.#first = value;
			return true;
		}
		this.#seen ??= new Set([this.#first]);
		return this.#seen.size < this.#seen.add(value).size;
	}

	#isPlain(value: object, depth: number): boolean {
		if (types.isProxy(value)) return false;
		// A program may have said how it is to be written, also of all objects or arrays.
		if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
		const prototype = Object.getPrototypeOf(value);
		if (prototype === Object.prototype) {
			let count = 0;
			for (const key in value) {
				count++;
				if (!this.isFaithful((value as Record<string, unknown>)[key], depth)) return false;
			}
			this.#parts += count;
			if (count === 0 && types.isExternal(value)) return false;
		} else if (prototype === Array.prototype) {
			const { length } = value as unknown[];
			this.#parts += length;
			if (this.#parts > MOST_PARTS) return false;
			for (let at = 0; at < length; at++) if (!this.isFaithful((value as unknown[])[at], depth)) return false;
			if (Object.keys(value).length !== length) return false; // it has named properties besides
		} else return false;
		return this.#parts <= MOST_PARTS && Object.getOwnPropertySymbols(value).length === 0;
	}
}
