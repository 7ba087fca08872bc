/** How many calls may be under way at a time. */
export const MOST_CALLS = 1024;

/** States of a call that was sent, in the lowest bits of its word; the call's id is in the others. */
const SENT = 1;
const BEGUN = 2;
const TAKEN_BACK = 3;

/**
 * Who has each call that was sent to a thread: until the far side begins it, it can be taken back; and after the death of
 * the thread the words tell which had begun. A call has the word of its id modulo `MOST_CALLS`.
 */
export class Claims {
	readonly #words: Int32Array;

	constructor(memory: SharedArrayBuffer) {
		this.#words = new Int32Array(memory);
	}

	static memory(): SharedArrayBuffer {
		return new SharedArrayBuffer(4 * MOST_CALLS);
	}

	/** Before it is published. */
	send(id: number): void {
		Atomics.store(this.#words, id % MOST_CALLS, word(id, SENT));
	}

	/** The far side wants to begin it; false when it was taken back. */
	begin(id: number): boolean {
		return this.#change(id, BEGUN);
	}

	/** False when it has begun. */
	takeBack(id: number): boolean {
		return this.#change(id, TAKEN_BACK);
	}

	#change(id: number, state: number): boolean {
		const sent = word(id, SENT);
		return Atomics.compareExchange(this.#words, id % MOST_CALLS, sent, word(id, state)) === sent;
	}
}

function word(id: number, state: number): number {
	return (id << 2) | state;
}
