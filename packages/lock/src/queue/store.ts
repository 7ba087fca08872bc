import type { Registry, ThreadId } from '@conc/core';
import type { Mark } from '../wait/mark.js';
import { Guard } from './guard.js';
import type { Item } from './item.js';
import { JOURNAL_WORDS } from './journal.js';
import { Memory } from './memory.js';
import { PriorityHeap } from './priority-heap.js';
import { COUNT, type Order, type Records, SHUT, STATE_WORDS, UNFINISHED } from './records.js';
import { Ring } from './ring.js';

const GUARD = 0;
const CURRENT = 1; // how many changes there were; its lowest bit is the state that holds
const STATES = 16; // where the first state begins
const JOURNAL = STATES + 2 * STATE_WORDS;

/** Words the store takes beside the memory of its items. */
export const STORE_WORDS = JOURNAL + JOURNAL_WORDS;

const OPEN = 0;
const NO_PUTS = 1;

/**
 * The items that wait.
 *
 * All that changes is in a state, of which there are two: a change is written into the one that does not hold and takes
 * effect by one store to CURRENT. So a thread may end at any instruction, and nothing is half done.
 */
export class Store {
	readonly #words: Int32Array;
	readonly #guard: Guard;
	readonly #records: Records;

	constructor(
		words: Int32Array,
		buffer: SharedArrayBuffer,
		registry: Registry,
		self: ThreadId,
		order: Order,
	) {
		this.#words = words;
		this.#guard = new Guard(words, GUARD, registry, self);
		const memory = new Memory(buffer);
		this.#records =
			order === 'lowest'
				? new PriorityHeap(words, memory, words.subarray(JOURNAL))
				: new Ring(words, memory, order === 'oldest');
	}

	/** Called once, before it is shared. */
	start(): void {
		this.#records.start(STATES);
	}

	get count(): number {
		return this.#read(COUNT);
	}

	get unfinished(): number {
		return this.#read(UNFINISHED);
	}

	get isShut(): boolean {
		return this.#read(SHUT) !== OPEN;
	}

	/** Adds an item, if there are not `most` already and there is memory for it; for a newcomer only where nobody is in line. */
	push(item: Item, most: number, line?: Mark): 'added' | 'full' | 'shut' {
		return this.#guarded((state) => {
			if (this.#of(state, SHUT) !== OPEN) return 'shut';
			if (line?.isSet) return 'full';
			if (this.#of(state, COUNT) >= most || !this.#records.add(state, item)) return 'full';
			this.#add(state, COUNT, 1);
			this.#add(state, UNFINISHED, 1);
			this.#commit(state);
			return 'added';
		});
	}

	/**
	 * Takes an item away, null when there is none; for a newcomer only where nobody is in line. What `accept` throws leaves
	 * it where it is.
	 */
	take(accept: (item: Item) => true, line?: Mark): Item | null {
		return this.#guarded((state) => {
			if (this.#of(state, COUNT) === 0 || line?.isSet) return null;
			const item = this.#records.take(state, accept);
			this.#add(state, COUNT, -1);
			this.#commit(state);
			return item;
		});
	}

	/** Puts an item back that was taken, in front; what was not done with it is still to be done. */
	putBack(item: Item): void {
		this.#guarded((state) => {
			if (!this.#records.putBack(state, item)) return;
			this.#add(state, COUNT, 1);
			this.#commit(state);
		});
	}

	/** One item less is unfinished; how many are then, -1 when none was. */
	finish(): number {
		return this.#guarded((state) => {
			const left = this.#of(state, UNFINISHED) - 1;
			if (left < 0) return -1;
			this.#words[state + UNFINISHED] = left;
			this.#commit(state);
			return left;
		});
	}

	/** Takes no more items; with `immediate` those that wait are dropped, and count as finished. */
	shut(immediate: boolean): void {
		this.#guarded((state) => {
			this.#words[state + SHUT] = NO_PUTS;
			if (immediate) {
				this.#add(state, UNFINISHED, -Math.min(this.#of(state, COUNT), this.#of(state, UNFINISHED)));
				this.#words[state + COUNT] = 0;
				this.#records.clear(state);
			}
			this.#commit(state);
		});
	}

	/** Read without the guard: of a state that held all the while, not of one that was being changed. */
	#read(word: number): number {
		for (;;) {
			const current = Atomics.load(this.#words, CURRENT);
			const value = Atomics.load(this.#words, stateAt(current) + word);
			if (Atomics.load(this.#words, CURRENT) === current) return value;
		}
	}

	/** Runs `change` on a copy of the state that holds, while no other thread does. */
	#guarded<T>(change: (state: number) => T): T {
		this.#guard.enter();
		try {
			const words = this.#words;
			const current = Atomics.load(words, CURRENT);
			const from = stateAt(current);
			const to = stateAt(current + 1);
			this.#records.enter(from);
			this.#records.settle(from); // a thread may have ended before it could
			for (let word = 0; word < STATE_WORDS; word++) words[to + word] = words[from + word] as number;
			return change(to);
		} finally {
			this.#guard.leave();
		}
	}

	/** Makes it the state that holds. */
	#commit(state: number): void {
		Atomics.add(this.#words, CURRENT, 1);
		this.#records.settle(state);
	}

	#of(state: number, word: number): number {
		return this.#words[state + word] as number;
	}

	#add(state: number, word: number, value: number): void {
		this.#words[state + word] = this.#of(state, word) + value;
	}
}

/** Where the state begins that holds after so many changes. */
function stateAt(changes: number): number {
	return STATES + (changes & 1) * STATE_WORDS;
}
