/** A way through a heap of all there can be in the memory, and one more. */
const MOST_WRITES = 32;

export const JOURNAL_WORDS = 2 * MOST_WRITES;

/**
 * Writes to be done together. Its owner says in one store that they are due, and in another that they were done: a
 * thread may end before, between and after these, since whoever comes next does them, once more if need be.
 */
export class Journal {
	readonly #words: Int32Array;

	constructor(words: Int32Array) {
		this.#words = words;
	}

	note(write: number, index: number, value: number): void {
		this.#words[2 * write] = index;
		this.#words[2 * write + 1] = value;
	}

	apply(target: Int32Array, writes: number): void {
		for (let write = 0; write < writes; write++) {
			target[this.#words[2 * write] as number] = this.#words[2 * write + 1] as number;
		}
	}
}
