import type { Cell } from './kinds.js';

/** How the bits of a float lie in memory: Atomics knows integers only. */
interface Bits {
	load(): bigint | number;
	/** Replaces the bits if they are still the same. */
	replace(bits: bigint | number, by: number): boolean;
	toFloat(bits: bigint | number): number;
	/** The nearest number that these bits can hold. */
	round(value: number): number;
}

/** A float of 32 or 64 bits: every change is a compare-exchange of its bits, again until nobody came between. */
export class FloatCell implements Cell<number> {
	readonly #bits: Bits;

	constructor(bits: Bits) {
		this.#bits = bits;
	}

	check(value: number): void {
		if (typeof value !== 'number') throw new TypeError(`the value must be a number, not a ${typeof value}`);
	}

	load(): number {
		return this.#bits.toFloat(this.#bits.load());
	}

	store(value: number): void {
		this.exchange(value);
	}

	exchange(value: number): number {
		return this.#update(() => value);
	}

	/** Compares as `Array.prototype.includes` does: NaN is NaN, -0 is 0. */
	compareExchange(expected: number, value: number): number {
		const sought = this.#bits.round(expected);
		for (;;) {
			const bits = this.#bits.load();
			const now = this.#bits.toFloat(bits);
			if (![now].includes(sought) || this.#bits.replace(bits, value)) return now;
		}
	}

	add(amount: number): number {
		return this.#update((now) => now + amount);
	}

	sub(amount: number): number {
		return this.#update((now) => now - amount);
	}

	#update(next: (now: number) => number): number {
		for (;;) {
			const bits = this.#bits.load();
			const now = this.#bits.toFloat(bits);
			if (this.#bits.replace(bits, next(now))) return now;
		}
	}
}

export function float32Bits(memory: SharedArrayBuffer, offset: number): Bits {
	const words = new Int32Array(memory, offset, 1);
	const float = new Float32Array(1);
	const scratch = new Int32Array(float.buffer);
	return {
		load: () => Atomics.load(words, 0),
		replace(bits, by) {
			float[0] = by;
			return Atomics.compareExchange(words, 0, bits as number, scratch[0] as number) === bits;
		},
		toFloat(bits) {
			scratch[0] = bits as number;
			return float[0] as number;
		},
		round: Math.fround,
	};
}

export function float64Bits(memory: SharedArrayBuffer, offset: number): Bits {
	const words = new BigInt64Array(memory, offset, 1);
	const float = new Float64Array(1);
	const scratch = new BigInt64Array(float.buffer);
	return {
		load: () => Atomics.load(words, 0),
		replace(bits, by) {
			float[0] = by;
			return Atomics.compareExchange(words, 0, bits as bigint, scratch[0] as bigint) === bits;
		},
		toFloat(bits) {
			scratch[0] = bits as bigint;
			return float[0] as number;
		},
		round: (value) => value,
	};
}
