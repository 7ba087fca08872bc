import type { Cells } from './kinds.js';

/** True or false, each in a byte that is 1 or 0. */
export class BoolCells implements Cells<boolean> {
	readonly #words: Uint8Array;

	constructor(words: Uint8Array) {
		this.#words = words;
	}

	check(value: boolean): void {
		if (typeof value !== 'boolean')
			throw new TypeError(`the value must be true or false, not a ${typeof value}`);
	}

	load(at: number): boolean {
		return Atomics.load(this.#words, at) === 1;
	}

	store(at: number, value: boolean): void {
		Atomics.store(this.#words, at, Number(value));
	}

	exchange(at: number, value: boolean): boolean {
		return Atomics.exchange(this.#words, at, Number(value)) === 1;
	}

	compareExchange(at: number, expected: boolean, value: boolean): boolean {
		return Atomics.compareExchange(this.#words, at, Number(expected), Number(value)) === 1;
	}

	and(at: number, bits: boolean): boolean {
		return Atomics.and(this.#words, at, Number(bits)) === 1;
	}

	or(at: number, bits: boolean): boolean {
		return Atomics.or(this.#words, at, Number(bits)) === 1;
	}

	xor(at: number, bits: boolean): boolean {
		return Atomics.xor(this.#words, at, Number(bits)) === 1;
	}
}
