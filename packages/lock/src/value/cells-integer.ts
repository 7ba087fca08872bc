import type { Cells } from './kinds.js';

type NumberWords = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
type BigIntWords = BigInt64Array | BigUint64Array;

/** Integers of 8, 16 or 32 bits. */
export class NumberCells implements Cells<number> {
	readonly #words: NumberWords;
	readonly #lowest: number;
	readonly #highest: number;

	constructor(words: NumberWords) {
		this.#words = words;
		const bits = 8 * words.BYTES_PER_ELEMENT;
		const isSigned = /^Int/.test(words.constructor.name);
		this.#lowest = isSigned ? -(2 ** (bits - 1)) : 0;
		this.#highest = this.#lowest + 2 ** bits - 1;
	}

	check(value: number): void {
		if (typeof value !== 'number') throw new TypeError(`the value must be a number, not a ${typeof value}`);
		if (Number.isInteger(value) && value >= this.#lowest && value <= this.#highest) return;
		throw new RangeError(
			`the value must be a whole number from ${this.#lowest} to ${this.#highest}, not ${value}`,
		);
	}

	load(at: number): number {
		return Atomics.load(this.#words, at);
	}

	store(at: number, value: number): void {
		Atomics.store(this.#words, at, value);
	}

	exchange(at: number, value: number): number {
		return Atomics.exchange(this.#words, at, value);
	}

	compareExchange(at: number, expected: number, value: number): number {
		return Atomics.compareExchange(this.#words, at, expected, value);
	}

	add(at: number, amount: number): number {
		return Atomics.add(this.#words, at, amount);
	}

	sub(at: number, amount: number): number {
		return Atomics.sub(this.#words, at, amount);
	}

	and(at: number, bits: number): number {
		return Atomics.and(this.#words, at, bits);
	}

	or(at: number, bits: number): number {
		return Atomics.or(this.#words, at, bits);
	}

	xor(at: number, bits: number): number {
		return Atomics.xor(this.#words, at, bits);
	}
}

/** Integers of 64 bits. */
export class BigIntCells implements Cells<bigint> {
	readonly #words: BigIntWords;

	constructor(words: BigIntWords) {
		this.#words = words;
	}

	check(value: bigint): void {
		if (typeof value !== 'bigint') throw new TypeError(`the value must be a bigint, not a ${typeof value}`);
		const isSigned = this.#words instanceof BigInt64Array;
		if ((isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value) return;
		throw new RangeError(
			`the value must fit into 64 bits${isSigned ? '' : ' without a sign'}, which ${value} does not`,
		);
	}

	load(at: number): bigint {
		return Atomics.load(this.#words, at);
	}

	store(at: number, value: bigint): void {
		Atomics.store(this.#words, at, value);
	}

	exchange(at: number, value: bigint): bigint {
		return Atomics.exchange(this.#words, at, value);
	}

	compareExchange(at: number, expected: bigint, value: bigint): bigint {
		return Atomics.compareExchange(this.#words, at, expected, value);
	}

	add(at: number, amount: bigint): bigint {
		return Atomics.add(this.#words, at, amount);
	}

	sub(at: number, amount: bigint): bigint {
		return Atomics.sub(this.#words, at, amount);
	}

	and(at: number, bits: bigint): bigint {
		return Atomics.and(this.#words, at, bits);
	}

	or(at: number, bits: bigint): bigint {
		return Atomics.or(this.#words, at, bits);
	}

	xor(at: number, bits: bigint): bigint {
		return Atomics.xor(this.#words, at, bits);
	}
}
