import type { ThreadId } from './registry.js';

const NUMBER = 0; // odd while the thread is in a blocking wait that has been noted
const WHO = 1; // that thread
const HOLDER = 2; // the thread that has what it waits for
const LOOKS = 3; // how often it has found that so
const TEXT_LENGTH = 4;
const WORDS = 5;

/** Bytes of a record; most of them are for a text that tells where the thread waits. */
const RECORD_BYTES = 512;

/** A thread in a blocking wait without end, as others see it. */
export interface LongWait {
	readonly number: number;
	readonly holder: ThreadId;
	readonly looks: number;
}

/**
 * Which threads block for what other threads have, so that a circle of them can be found. A record for each record of
 * the registry, written by its thread alone.
 */
export class Waits {
	static readonly bytes = (records: number): number => records * RECORD_BYTES;
	readonly #memory: SharedArrayBuffer;
	readonly #offset: number;

	constructor(memory: SharedArrayBuffer, offset: number) {
		this.#memory = memory;
		this.#offset = offset;
	}

	/** Notes that thread `who`, which has this record, begins to wait; `text` tells for what and where. */
	begin(record: number, who: ThreadId, text: string): void {
		const words = this.#words(record);
		const room = new Uint8Array(this.#memory, this.#at(record) + 4 * WORDS, RECORD_BYTES - 4 * WORDS);
		const bytes = Buffer.from(text).subarray(0, room.length);
		room.set(bytes);
		words[TEXT_LENGTH] = bytes.length;
		words[HOLDER] = 0;
		words[WHO] = who;
		// Odd already where the record's last thread was ended while it waited.
		Atomics.store(words, NUMBER, (Atomics.load(words, NUMBER) + 1) | 1);
	}

	/** Notes that it still waits, for what thread `holder` has. */
	look(record: number, holder: ThreadId): void {
		const words = this.#words(record);
		Atomics.store(words, HOLDER, holder);
		Atomics.add(words, LOOKS, 1);
	}

	end(record: number): void {
		const words = this.#words(record);
		// Even already where one wait was within another, as in an excepthook that waits.
		Atomics.store(words, NUMBER, (Atomics.load(words, NUMBER) + 1) & ~1);
	}

	/** The wait of thread `who`; null when it is in none that was noted. */
	of(record: number, who: ThreadId): LongWait | null {
		const words = this.#words(record);
		const number = Atomics.load(words, NUMBER);
		if ((number & 1) === 0 || Atomics.load(words, WHO) !== who) return null;
		return { number, holder: Atomics.load(words, HOLDER), looks: Atomics.load(words, LOOKS) };
	}

	textOf(record: number): string {
		const length = Atomics.load(this.#words(record), TEXT_LENGTH);
		const at = this.#at(record) + 4 * WORDS;
		return Buffer.from(new Uint8Array(this.#memory, at, length)).toString();
	}

	#words(record: number): Int32Array {
		return new Int32Array(this.#memory, this.#at(record), WORDS);
	}

	#at(record: number): number {
		return this.#offset + record * RECORD_BYTES;
	}
}
