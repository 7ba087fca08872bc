import { callerAt, ownWords, type Place, waitersAt } from '../layout.js';
import { type Awaitable, joinedTurn, type Turn } from '../wait/awaitable.js';
import { NONE } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';

const OUTSIDE = 0; // how many wait without a slot
const CREDITS = 1; // how many of those have been notified and have not seen it
const NOTIFIED = 2; // the ticket that came after all who waited at the last notify

/**
 * What a condition variable is made of: a line of those who wait to be notified.
 *
 * Being told is not a hint here but the notice itself, so it is passed on when its waiter gives up or ends.
 */
export class Notices implements Awaitable {
	readonly waiters: Waiters;
	readonly #words: Int32Array;

	constructor(place: Place) {
		this.#words = ownWords(place);
		this.waiters = waitersAt(place, callerAt(place));
	}

	/** Begins to wait. Only while holding the lock, so that no notice comes in between. */
	join(blocking: boolean): Turn {
		const slot = this.waiters.join(blocking);
		if (slot === NONE) Atomics.add(this.#words, OUTSIDE, 1);
		return joinedTurn(blocking, slot);
	}

	/** Ends a wait, notified or not. */
	leave(turn: Turn, wasNotified: boolean): void {
		if (turn.slot !== NONE) {
			this.waiters.leave(turn.slot, (wasTold) => this.passOn(wasTold));
		} else if (!wasNotified) {
			Atomics.sub(this.#words, OUTSIDE, 1);
		}
	}

	/** Tells so many that wait, the oldest first. Only while holding the lock. */
	notify(count: number): void {
		const before = this.waiters.nextTicket;
		Atomics.store(this.#words, NOTIFIED, before);
		const told = this.waiters.notify(count, before);
		if (told < count) this.#credit(count - told);
	}

	look(turn: Turn): boolean {
		return turn.slot === NONE ? this.#takeCredit() : turn.granted;
	}

	/** Gives a notice that nobody made use of to the next who waited when it was given. */
	passOn(wasTold: boolean): void {
		if (wasTold && this.waiters.notify(1, Atomics.load(this.#words, NOTIFIED)) === 0) this.#credit(1);
	}

	/** For those without a slot: no more than there are, as nothing is kept for who comes later. */
	#credit(count: number): void {
		for (;;) {
			const credits = Atomics.load(this.#words, CREDITS);
			const more = Math.min(count, Atomics.load(this.#words, OUTSIDE) - credits);
			if (more <= 0 || this.#moveCredits(credits, credits + more)) return;
		}
	}

	#takeCredit(): boolean {
		for (;;) {
			const credits = Atomics.load(this.#words, CREDITS);
			if (credits <= 0) return false;
			if (!this.#moveCredits(credits, credits - 1)) continue;
			Atomics.sub(this.#words, OUTSIDE, 1);
			return true;
		}
	}

	#moveCredits(from: number, to: number): boolean {
		return Atomics.compareExchange(this.#words, CREDITS, from, to) === from;
	}
}
