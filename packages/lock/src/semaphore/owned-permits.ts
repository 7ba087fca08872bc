import { Registry, type ThreadId } from '@conc/core';
import { LockError } from '../errors.js';
import { callerAt, ownWords, type Place, PRIMITIVE_BYTES, waitersAt } from '../layout.js';
import { livesOn } from '../wait/alive.js';
import { type Awaitable, attempt, type Turn } from '../wait/awaitable.js';
import { Mark } from '../wait/mark.js';
import type { Waiters } from '../wait/waiters.js';

const WAITED = 0; // the mark of those in line
const PERMITS = 2; // how many there are; 0 where nobody owns them

const FREE = 0;

/** The most permits there can be: whoever wants one looks through them. */
export const MOST_OWNED_PERMITS = 1_024;

/** Permits of which each is a word that says which thread has it, so that those of a dead one are free again. */
export class OwnedPermits implements Awaitable {
	readonly waiters: Waiters;
	readonly #label: string;
	readonly #self: ThreadId;
	readonly #registry: Registry;
	readonly #permits: Int32Array;
	readonly #waited: Mark;

	/** Bytes that so many take, beside those of the primitive. */
	static bytes(count: number): number {
		return 4 * count;
	}

	/** Makes them, all free. Called once, before they are shared. */
	static start(place: Place, count: number): void {
		Atomics.store(ownWords(place), PERMITS, count);
	}

	static areAt(place: Place): boolean {
		return Atomics.load(ownWords(place), PERMITS) > 0;
	}

	/** @param self who takes permits through this object */
	constructor(place: Place, label: string, self = callerAt(place)) {
		const count = Atomics.load(ownWords(place), PERMITS);
		this.waiters = waitersAt(place, self);
		this.#label = label;
		this.#self = self;
		this.#registry = Registry.of(place.registry);
		this.#permits = new Int32Array(place.memory, place.offset + PRIMITIVE_BYTES, count);
		this.#waited = new Mark(ownWords(place), WAITED, this.waiters);
	}

	get count(): number {
		let count = 0;
		for (let at = 0; at < this.#permits.length; at++) {
			const owner = Atomics.load(this.#permits, at);
			if (owner === FREE || !livesOn(this.#registry, owner)) count++;
		}
		return count;
	}

	/** The uncontended way to a permit: true or false at once. */
	tryTake(): boolean {
		return !this.#waited.isSet && this.#take();
	}

	/** The same for one who will not try again. */
	tryHard(): boolean {
		return this.tryTake() || attempt(this);
	}

	look(turn: Turn): boolean {
		for (;;) {
			this.#freeThoseOfTheDead();
			const { count } = this;
			if (count > 0 && this.waiters.mayGo(turn, count) && this.#take()) return true;
			if (!this.#waited.set(turn.slot)) return false;
		}
	}

	/** Gives permits of this thread back, and wakes as many who wait for one. */
	giveBack(permits: number): void {
		const mine: number[] = [];
		for (let at = 0; at < this.#permits.length && mine.length < permits; at++) {
			if (Atomics.load(this.#permits, at) === this.#self) mine.push(at);
		}
		if (mine.length < permits) {
			throw new LockError(
				`${this.#label} was given back ${permits} by a thread that has ${mine.length}: ` +
					"with onAbandoned: 'release' the thread that acquired releases",
			);
		}
		for (const at of mine) Atomics.store(this.#permits, at, FREE);
		if (this.#waited.isSet) this.#wake();
	}

	passOn(): void {
		this.#waited.clear();
		this.#wake();
	}

	#wake(): void {
		const { count } = this;
		if (count > 0) this.waiters.wake(count);
	}

	#take(): boolean {
		return this.#permits.some(
			(owner, at) => owner === FREE && Atomics.compareExchange(this.#permits, at, FREE, this.#self) === FREE,
		);
	}

	#freeThoseOfTheDead(): void {
		for (let at = 0; at < this.#permits.length; at++) {
			const owner = Atomics.load(this.#permits, at);
			if (owner === FREE || livesOn(this.#registry, owner)) continue;
			Atomics.compareExchange(this.#permits, at, owner, FREE);
		}
	}
}
