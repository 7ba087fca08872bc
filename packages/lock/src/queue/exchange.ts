import { Registry } from '@conc/core';
import { QueueShutDownError } from '../errors.js';
import { callerAt, type Place, PRIMITIVE_BYTES, waitersAt } from '../layout.js';
import { type Awaitable, attempt, type Turn } from '../wait/awaitable.js';
import { NONE } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';
import type { Item } from './item.js';
import type { Order } from './records.js';
import { STORE_WORDS, Store } from './store.js';

// Three lines of waiters follow one another in the memory, then the words of the store, then these.
const GETTERS = 0;
const PUTTERS = 1;
const JOINERS = 2;
const LINES = 3;
const GET_WAITED = 0; // 1: somebody is in line to get, so nobody goes before, and who puts wakes
const PUT_WAITED = 1; // the same for those in line to put
const MOST = 2; // how many items may wait
const WORDS = 4;

/** More items than there will ever be. */
export const NO_LIMIT = 2 ** 31 - 1;

/** Bytes it takes beyond those of one primitive. */
export const EXCHANGE_BYTES = (LINES - 1) * PRIMITIVE_BYTES + 4 * (STORE_WORDS + WORDS);

/** What queues are made of: the items that wait, and the lines of those who wait to get, to put, and for all to be done. */
export class Exchange {
	readonly store: Store;
	readonly #label: string;
	readonly #words: Int32Array;
	readonly #getters: Waiters;
	readonly #putters: Waiters;
	readonly #joiners: Waiters;

	constructor(place: Place, label: string, order: Order) {
		const self = callerAt(place);
		const at = (line: number): Place => ({ ...place, offset: place.offset + line * PRIMITIVE_BYTES });
		const { offset } = at(LINES);
		const storeWords = new Int32Array(place.memory, offset, STORE_WORDS);
		const ring = place.ring as SharedArrayBuffer;
		this.store = new Store(storeWords, ring, Registry.of(place.registry), self, order);
		this.#label = label;
		this.#words = new Int32Array(place.memory, offset + 4 * STORE_WORDS, WORDS);
		this.#getters = waitersAt(at(GETTERS), self);
		this.#putters = waitersAt(at(PUTTERS), self);
		this.#joiners = waitersAt(at(JOINERS), self);
	}

	/** Called once, before it is shared. */
	start(most: number): void {
		this.#words[MOST] = most;
		this.store.start();
	}

	get most(): number {
		return Atomics.load(this.#words, MOST);
	}

	/** Puts an item at once; false when that must wait. */
	tryPut(item: Item): boolean {
		return Atomics.load(this.#words, PUT_WAITED) === 0 ? this.#push(item) : attempt(this.putting(item));
	}

	/** Gets an item at once; null when that must wait. */
	tryGet(accept: (item: Item) => true): Item | null {
		if (Atomics.load(this.#words, GET_WAITED) === 0) return this.#pull(accept);
		const getting = this.getting(accept);
		return attempt(getting) ? getting.item : null;
	}

	/** Waiting to put an item. */
	putting(item: Item): Awaitable {
		return {
			waiters: this.#putters,
			look: (turn) => {
				for (;;) {
					if (this.store.isShut) throw this.#shutDown();
					const places = this.#places;
					if (places > 0) {
						if (!this.#putters.mayGo(turn, places)) return false;
						if (this.#push(item)) return true;
					}
					if (!this.#mark(PUT_WAITED, turn)) return false;
				}
			},
			passOn: () => {
				this.#unmark(this.#putters, PUT_WAITED);
				this.#wakePutters();
			},
		};
	}

	/** Waiting to get an item, which is in `item` then. What `accept` throws leaves it there, and ends the wait. */
	getting(accept: (item: Item) => true): Awaitable & { readonly item: Item } {
		let found: Item | null = null;
		return {
			waiters: this.#getters,
			get item() {
				return found as Item;
			},
			look: (turn) => {
				for (;;) {
					const { isShut } = this.store; // before the count: nothing comes after it
					const { count } = this.store;
					if (count > 0) {
						if (!this.#getters.mayGo(turn, count)) return false;
						found = this.#pull(accept);
						if (found !== null) return true;
					} else if (isShut) throw this.#shutDown();
					if (!this.#mark(GET_WAITED, turn)) return false;
				}
			},
			passOn: () => {
				this.#unmark(this.#getters, GET_WAITED);
				this.#wakeGetters();
			},
		};
	}

	/** Waiting until every item is done. */
	joining(): Awaitable {
		return { waiters: this.#joiners, look: () => this.store.unfinished === 0, passOn() {} };
	}

	/** One item is done; false when there was none that was not. */
	finish(): boolean {
		const left = this.store.finish();
		if (left === 0) this.#joiners.wakeAll();
		return left >= 0;
	}

	shut(immediate: boolean): void {
		this.store.shut(immediate);
		for (const line of [this.#getters, this.#putters, this.#joiners]) line.wakeAll();
	}

	#push(item: Item): boolean {
		const outcome = this.store.push(item, this.most);
		if (outcome === 'shut') throw this.#shutDown();
		if (outcome === 'full') return false;
		this.#wakeGetters();
		return true;
	}

	#pull(accept: (item: Item) => true): Item | null {
		const item = this.store.take(accept);
		if (item !== null) this.#wakePutters();
		return item;
	}

	/** How many may put: one after the other where only memory is short, of which a small item takes less than a big one. */
	get #places(): number {
		return this.most === NO_LIMIT ? 1 : this.most - this.store.count;
	}

	#wakeGetters(): void {
		if (Atomics.load(this.#words, GET_WAITED) === 0) return;
		const { count, isShut } = this.store;
		// Then there is an answer for everybody.
		if (isShut) this.#getters.wakeAll();
		else if (count > 0) this.#getters.wake(count);
	}

	#wakePutters(): void {
		if (Atomics.load(this.#words, PUT_WAITED) === 0) return;
		const places = this.#places;
		if (places > 0) this.#putters.wake(places);
	}

	/** Once nobody is in line. */
	#unmark(line: Waiters, mark: number): void {
		if (line.others(NONE)) return;
		Atomics.store(this.#words, mark, 0);
		// One who joined in between may have found the mark still there.
		if (line.others(NONE)) Atomics.store(this.#words, mark, 1);
	}

	/** Sees to it that the one who waits is woken; true when it has to look once more. */
	#mark(mark: number, { slot }: Turn): boolean {
		return slot !== NONE && Atomics.exchange(this.#words, mark, 1) === 0;
	}

	#shutDown(): QueueShutDownError {
		return new QueueShutDownError(`${this.#label} was shut down`);
	}
}
