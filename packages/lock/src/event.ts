import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	type Medium,
	type PatientOptions,
	readSignal,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type WaitOptions,
} from '@conc/core';
import {
	callerAt,
	handle,
	labelOf,
	type NameOptions,
	ownWords,
	type Place,
	placed,
	placeFor,
	waitersAt,
} from './layout.js';
import type { Awaitable } from './wait/awaitable.js';
import { waitAsync } from './wait/wait-async.js';
import { waitSync } from './wait/wait-sync.js';
import type { Waiters } from './wait/waiters.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

const WORD = 0; // how often it was set, doubled, and IS_SET
const IS_SET = 1;
const ONE_SET = 2;

/**
 * A flag to wait for, across the threads of this process. Everybody who waits when it is set goes on, also when it is
 * cleared at once.
 *
 * (Python: `threading.Event`, `multiprocessing.Event`. Not the DOM's Event: import it from here.)
 */
export class Event implements Shareable {
	readonly #label: string;
	readonly #place: Place;
	readonly #words: Int32Array;
	readonly #waiters: Waiters;

	constructor(options: NameOptions = {}) {
		this.#place = placeFor(options);
		this.#label = labelOf('Event', this.#place);
		this.#words = ownWords(this.#place);
		this.#waiters = waitersAt(this.#place, callerAt(this.#place));
	}

	/** Sets the flag and wakes everybody who waits. (`Event.set`) */
	set(): void {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			if ((word & IS_SET) !== 0) return;
			if (Atomics.compareExchange(this.#words, WORD, word, (word + ONE_SET) | IS_SET) === word) break;
		}
		this.#waiters.wakeAll();
	}

	/** Clears the flag: from now on one waits for the next `set`. (`Event.clear`) */
	clear(): void {
		Atomics.and(this.#words, WORD, ~IS_SET);
	}

	/** Whether the flag is set. It may be otherwise by the time you look. (`Event.is_set`) */
	get isSet(): boolean {
		return (Atomics.load(this.#words, WORD) & IS_SET) !== 0;
	}

	/**
	 * Resolves with true when the flag is or was set since the call, with false when that took longer than `timeout`
	 * milliseconds. Rejects with `signal.reason` when aborted. (`Event.wait`)
	 */
	wait(options?: PatientOptions): Promise<true>;
	wait(options: WaitOptions): Promise<boolean>;
	async wait(options?: WaitOptions): Promise<boolean> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		return this.isSet || waitAsync(this.#nextSet(), timeout, signal);
	}

	/** The same, blocking this thread. */
	waitSync(options?: { readonly timeout?: undefined }): true;
	waitSync(options: SyncWaitOptions): boolean;
	waitSync(options?: SyncWaitOptions): boolean {
		const timeout = readTimeout(options);
		return this.isSet || waitSync(this.#nextSet(), timeout);
	}

	[share](to: Medium): Place | FarHandle {
		return handle(to, { place: this.#place, label: this.#label, handle: this.#place, Class: Event });
	}

	static [revive](handle: Place | FarHandle): Event {
		return isFar(handle) ? fromHandle(handle, farEvent, revived) : revived(handle);
	}

	toString(): string {
		return `${this.#label} (${this.isSet ? 'set' : 'not set'})`;
	}

	[inspect](): string {
		return this.toString();
	}

	/** What counts is that it was set since now: being woken is only a reason to look. */
	#nextSet(): Awaitable {
		const words = this.#words;
		const before = Atomics.load(words, WORD) & ~IS_SET;
		return {
			waiters: this.#waiters,
			look: () => {
				const word = Atomics.load(words, WORD);
				return (word & IS_SET) !== 0 || word !== before;
			},
			passOn() {}, // everybody was woken
		};
	}
}
brand(Event, '@conc/lock:Event');

const farEvent = farForm(Event, { waits: ['wait'], calls: ['set', 'clear'], states: ['isSet'] });

function revived(place: Place): Event {
	return new Event(placed(place));
}
