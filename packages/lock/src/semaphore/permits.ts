import { LockError } from '../errors.js';
import { callerAt, ownWords, type Place, waitersAt } from '../layout.js';
import { type Awaitable, attempt, type Turn } from '../wait/awaitable.js';
import { NONE } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';

const WORD = 0; // the number of permits, WAITED and PROMISED
const BOUND = 1; // how many permits there may be at most

const PROMISED = 1 << 31; // only those in line may take a permit
const WAITED = 1 << 30; // who gives permits back must wake somebody
const COUNT = WAITED - 1;

/** The most permits a semaphore can have. */
export const MOST_PERMITS = COUNT;

/** What semaphores are made of: a number of permits, and a line of those who want one. */
export class Permits implements Awaitable {
	readonly waiters: Waiters;
	readonly #words: Int32Array;
	readonly #label: string;
	readonly #bound: number;

	/** Sets both numbers. Called once, before they are shared. */
	static start(place: Place, count: number, bound: number): void {
		const words = ownWords(place);
		Atomics.store(words, BOUND, bound);
		Atomics.store(words, WORD, count);
	}

	/** @param self who takes permits through this object */
	constructor(place: Place, label: string, self = callerAt(place)) {
		this.#label = label;
		this.#words = ownWords(place);
		this.#bound = Atomics.load(this.#words, BOUND);
		this.waiters = waitersAt(place, self);
	}

	get count(): number {
		return Atomics.load(this.#words, WORD) & COUNT;
	}

	/** The uncontended way to a permit: true or false at once. */
	tryTake(): boolean {
		const word = Atomics.load(this.#words, WORD);
		return word > 0 && (word & COUNT) > 0 && this.#move(word, word - 1);
	}

	/** The same for one who will not try again. */
	tryHard(): boolean {
		return this.tryTake() || attempt(this);
	}

	look(turn: Turn): boolean {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			const count = word & COUNT;
			if (count > 0) {
				if (!this.waiters.mayGo(turn, count)) return false;
				// With somebody in line the marks stay: who gives back must wake, and newcomers stay behind if they had to.
				const taken = this.waiters.others(turn.slot) ? (word - 1) | WAITED : count - 1;
				if (this.#move(word, taken)) return true;
				continue;
			}
			if (turn.slot === NONE || (word & WAITED) !== 0 || this.#move(word, word | WAITED)) return false;
		}
	}

	/** Gives permits back, and wakes as many who wait for one. */
	giveBack(permits: number): void {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			const count = (word & COUNT) + permits;
			if (count > this.#bound) throw this.#tooMany(permits);
			if (word >= 0 && (word & WAITED) === 0) {
				if (this.#move(word, count)) return;
				continue;
			}
			const mark = this.waiters.isImpatient() ? PROMISED : 0;
			// Without WAITED: whoever is told puts it back if more are in line.
			if (!this.#move(word, count | mark)) continue;
			this.passOn();
			return;
		}
	}

	passOn(): void {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			const count = word & COUNT;
			if (count > 0 && this.waiters.wake(count)) return;
			// WAITED stays: one who came after the pass over the table may have seen it, and relies on it.
			const marked = this.waiters.others(NONE) ? word | WAITED : word & ~PROMISED;
			if (marked === word || this.#move(word, marked)) return;
		}
	}

	#tooMany(permits: number): LockError {
		return new LockError(
			`${this.#label} was given back too often: ${this.count} permits are free already, ` +
				`${permits} more would exceed its bound of ${this.#bound}`,
		);
	}

	#move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.#words, WORD, from, to) === from;
	}
}
