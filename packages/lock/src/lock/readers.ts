import { Registry, type ThreadId } from '@conc/core';
import { ownWords, type Place, PRIMITIVE_BYTES } from '../layout.js';
import { livesOn } from '../wait/alive.js';

const END = 8; // threads whose record is from there on have never read

// The words of a thread. Only the thread itself writes them.
const PRESENT = 0; // its id while it reads, so that what a dead one left there is nobody's
const COUNT = 1; // how many of its tasks read
const THREAD_WORDS = 2;

const NOBODY = 0;

/** How many bytes the table takes, after those of the primitive. */
export const READERS_BYTES = 4 * THREAD_WORDS * Registry.capacity;

/** Who reads: a table with a place for each thread there can be. A reader that ended is simply not counted. */
export class Readers {
	readonly self: ThreadId;
	readonly #registry: Registry;
	readonly #own: Int32Array;
	readonly #table: Int32Array;
	readonly #mine: number;

	constructor(place: Place, self: ThreadId) {
		this.self = self;
		this.#registry = Registry.of(place.registry);
		this.#own = ownWords(place);
		this.#table = new Int32Array(place.memory, place.offset + PRIMITIVE_BYTES, READERS_BYTES / 4);
		this.#mine = THREAD_WORDS * Registry.indexOf(self);
	}

	/** Counts one more task of this thread in. Whoever looks from now on finds it. */
	enter(): void {
		if (this.includeMe) {
			Atomics.add(this.#table, this.#mine + COUNT, 1);
			return;
		}
		this.#raiseEnd(this.#mine + THREAD_WORDS);
		// First the count: a dead thread's may be here still.
		Atomics.store(this.#table, this.#mine + COUNT, 1);
		Atomics.store(this.#table, this.#mine + PRESENT, this.self);
	}

	/** Counts one task of this thread out, which must be in. */
	leave(): void {
		if (Atomics.sub(this.#table, this.#mine + COUNT, 1) > 1) return;
		Atomics.store(this.#table, this.#mine + PRESENT, NOBODY);
	}

	/** Whether a task of this thread reads. */
	get includeMe(): boolean {
		return Atomics.load(this.#table, this.#mine + PRESENT) === this.self;
	}

	/** Whether nobody who lives reads. */
	get areGone(): boolean {
		const end = Atomics.load(this.#own, END);
		for (let at = 0; at < end; at += THREAD_WORDS) {
			if (this.#at(at) !== NOBODY) return false;
		}
		return true;
	}

	/** The threads that read. */
	get ids(): ThreadId[] {
		const ids: ThreadId[] = [];
		const end = Atomics.load(this.#own, END);
		for (let at = 0; at < end; at += THREAD_WORDS) {
			const id = this.#at(at);
			if (id !== NOBODY) ids.push(id);
		}
		return ids;
	}

	#at(at: number): ThreadId {
		const id = Atomics.load(this.#table, at + PRESENT);
		return id !== NOBODY && livesOn(this.#registry, id) ? id : NOBODY;
	}

	#raiseEnd(to: number): void {
		let end = Atomics.load(this.#own, END);
		while (end < to) end = Atomics.compareExchange(this.#own, END, end, to);
	}
}
