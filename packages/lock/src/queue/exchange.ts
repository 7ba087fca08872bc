import { Registry } from '@conc/core';
import { QueueShutDownError } from '../errors.js';
import { callerAt, type Place, PRIMITIVE_BYTES, waitersAt } from '../layout.js';
import { type Awaitable, attempt } from '../wait/awaitable.js';
import { Mark } from '../wait/mark.js';
import type { Waiters } from '../wait/waiters.js';
import type { Item } from './item.js';
import type { Order } from './records.js';
import { STORE_WORDS, Store } from './store.js';

// Three lines of waiters follow one another in the memory, then the words of the store, then these.
const GETTERS = 0;
const PUTTERS = 1;
const JOINERS = 2;
const LINES = 3;
const GET_WAITED = 0; // the mark of those in line to get
const PUT_WAITED = 1; // the mark of those in line to put
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
	readonly #getWaited: Mark;
	readonly #putWaited: Mark;

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
		this.#getWaited = new Mark(this.#words, GET_WAITED, this.#getters);
		this.#putWaited = new Mark(this.#words, PUT_WAITED, this.#putters);
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
		if (!this.#putWaited.isSet && this.#push(item, this.#putWaited)) return true;
		return this.#putWaited.isSet && attempt(this.putting(item));
	}

	/** Gets an item at once; null when that must wait. */
	tryGet(accept: (item: Item) => true): Item | null {
		if (!this.#getWaited.isSet) {
			const item = this.#pull(accept, this.#getWaited);
			if (item !== null || !this.#getWaited.isSet) return item;
		}
		const getting = this.getting(accept);
		return attempt(getting) ? getting.item : null;
	}

	/** Puts an item back that was taken for somebody who has ended since. */
	putBack(item: Item): void {
		this.store.putBack(item);
		this.#wakeGetters();
	}

	/** Waiting to put an item. */
	putting(item: Item): Awaitable {
		return {
			waiters: this.#putters,
			look: (turn) => {
				for (;;) {
					if (this.store.isShut) throw this.#shutDown();
					const places = this.#places;
					if (places > 0 && this.#putters.mayGo(turn, places) && this.#push(item)) return true;
					if (!this.#putWaited.set(turn.slot)) return false;
				}
			},
			passOn: () => {
				this.#putWaited.clear();
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
						if (this.#getters.mayGo(turn, count)) {
							found = this.#pull(accept);
							if (found !== null) return true;
							continue; // a newcomer was faster; what is left may be an end
						}
					} else if (isShut) throw this.#shutDown();
					if (!this.#getWaited.set(turn.slot)) return false;
				}
			},
			passOn: () => {
				this.#getWaited.clear();
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

	#push(item: Item, line?: Mark): boolean {
		const outcome = this.store.push(item, this.most, line);
		if (outcome === 'shut') throw this.#shutDown();
		if (outcome === 'full') return false;
		this.#wakeGetters();
		return true;
	}

	#pull(accept: (item: Item) => true, line?: Mark): Item | null {
		const item = this.store.take(accept, line);
		if (item !== null) this.#wakePutters();
		return item;
	}

	/** How many may put: one after the other where only memory is short, of which a small item takes less than a big one. */
	get #places(): number {
		return this.most === NO_LIMIT ? 1 : this.most - this.store.count;
	}

	#wakeGetters(): void {
		if (!this.#getWaited.isSet) return;
		const { count, isShut } = this.store;
		// Then there is an answer for everybody.
		if (isShut) this.#getters.wakeAll();
		else if (count > 0) this.#getters.wake(count);
	}

	#wakePutters(): void {
		if (!this.#putWaited.isSet) return;
		const places = this.#places;
		if (places > 0) this.#putters.wake(places);
	}

	#shutDown(): QueueShutDownError {
		return new QueueShutDownError(`${this.#label} was shut down`);
	}
}
