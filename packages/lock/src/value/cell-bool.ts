import type { Cell } from './kinds.js';

/** True or false, in a byte that is 1 or 0. */
export class BoolCell implements Cell<boolean> {
	readonly #words: Uint8Array;

	constructor(words: Uint8Array) {
		this.#words = words;
	}

	check(value: boolean): void {
		if (typeof value !== 'boolean')
			throw new TypeError(`the value must be true or false, not a ${typeof value}`);
	}

	load(): boolean {
		return Atomics.load(this.#words, 0) === 1;
	}

	store(value: boolean): void {
		Atomics.store(this.#words, 0, Number(value));
	}

	exchange(value: boolean): boolean {
		return Atomics.exchange(this.#words, 0, Number(value)) === 1;
	}

	compareExchange(expected: boolean, value: boolean): boolean {
		return Atomics.compareExchange(this.#words, 0, Number(expected), Number(value)) === 1;
	}

	and(bits: boolean): boolean {
		return Atomics.and(this.#words, 0, Number(bits)) === 1;
	}

	or(bits: boolean): boolean {
		return Atomics.or(this.#words, 0, Number(bits)) === 1;
	}

	xor(bits: boolean): boolean {
		return Atomics.xor(this.#words, 0, Number(bits)) === 1;
	}
}
