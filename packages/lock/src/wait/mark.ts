import { NONE } from './slots.js';
import type { Waiters } from './waiters.js';

/**
 * Says that somebody is in line: then nobody goes before, and whoever frees something wakes those it is for. A waiter
 * sets it before it looks for the last time, and whoever frees reads it afterwards: one of them sees the other.
 */
export class Mark {
	readonly #words: Int32Array;
	readonly #word: number;
	readonly #waiters: Waiters;

	constructor(words: Int32Array, word: number, waiters: Waiters) {
		this.#words = words;
		this.#word = word;
		this.#waiters = waiters;
	}

	get isSet(): boolean {
		return Atomics.load(this.#words, this.#word) !== 0;
	}

	/** For one who found nothing: true when it has to look once more before it sleeps. */
	set(slot: number): boolean {
		return slot !== NONE && Atomics.exchange(this.#words, this.#word, 1) === 0;
	}

	/** Once nobody is in line. */
	clear(): void {
		if (this.#waiters.others(NONE)) return;
		Atomics.store(this.#words, this.#word, 0);
		// One who joined in between may have found the mark still there.
		if (this.#waiters.others(NONE)) Atomics.store(this.#words, this.#word, 1);
	}
}
