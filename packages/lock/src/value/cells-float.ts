import type { Cells } from './kinds.js';

/** How the bits of a float lie in memory: Atomics knows integers only. */
interface Bits {
	load(at: number): bigint | number;
	/** Replaces the bits if they are still the same. */
	replace(at: number, bits: bigint | number, by: number): boolean;
	toFloat(bits: bigint | number): number;
	/** The nearest number that these bits can hold. */
	round(value: number): number;
}

/** Floats of 32 or 64 bits: every change is a compare-exchange of its bits, again until nobody came between. */
export class FloatCells implements Cells<number> {
	readonly #bits: Bits;

	constructor(bits: Bits) {
		this.#bits = bits;
	}

	check(value: number): void {
		if (typeof value !== 'number') throw new TypeError(`the value must be a number, not a ${typeof value}`);
	}

	load(at: number): number {
		return this.#bits.toFloat(this.#bits.load(at));
	}

	store(at: number, value: number): void {
		this.exchange(at, value);
	}

	exchange(at: number, value: number): number {
		return this.#update(at, () => value);
	}

	/** Compares as `Array.prototype.includes` does: NaN is NaN, -0 is 0. */
	compareExchange(at: number, expected: number, value: number): number {
		const sought = this.#bits.round(expected);
		for (;;) {
			const bits = this.#bits.load(at);
			const now = this.#bits.toFloat(bits);
			if (![now].includes(sought) || this.#bits.replace(at, bits, value)) return now;
		}
	}

	add(at: number, amount: number): number {
		return this.#update(at, (now) => now + amount);
	}

	sub(at: number, amount: number): number {
		return this.#update(at, (now) => now - amount);
	}

	#update(at: number, next: (now: number) => number): number {
		for (;;) {
			const bits = this.#bits.load(at);
			const now = this.#bits.toFloat(bits);
			if (this.#bits.replace(at, bits, next(now))) return now;
		}
	}
}

export function float32Bits({ buffer, byteOffset, length }: Float32Array): Bits {
	const words = new Int32Array(buffer, byteOffset, length);
	const float = new Float32Array(1);
	const scratch = new Int32Array(float.buffer);
	return {
		load: (at) => Atomics.load(words, at),
		replace(at, bits, by) {
			float[0] = by;
			return Atomics.compareExchange(words, at, bits as number, scratch[0] as number) === bits;
		},
		toFloat(bits) {
			scratch[0] = bits as number;
			return float[0] as number;
		},
		round: Math.fround,
	};
}

export function float64Bits({ buffer, byteOffset, length }: Float64Array): Bits {
	const words = new BigInt64Array(buffer, byteOffset, length);
	const float = new Float64Array(1);
	const scratch = new BigInt64Array(float.buffer);
	return {
		load: (at) => Atomics.load(words, at),
		replace(at, bits, by) {
			float[0] = by;
			return Atomics.compareExchange(words, at, bits as bigint, scratch[0] as bigint) === bits;
		},
		toFloat(bits) {
			scratch[0] = bits as bigint;
			return float[0] as number;
		},
		round: (value) => value,
	};
}
