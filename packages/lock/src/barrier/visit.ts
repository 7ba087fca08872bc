import type { Awaitable } from '../wait/awaitable.js';
import { NOWHERE } from './places.js';
import { ABORTED, type Arrival, LATE, type Rounds } from './rounds.js';

/** One wait of one party: first for a place in a round, then for the others. */
export class Visit {
	/** Comes to an end when it has a place. */
	readonly arriving: Awaitable;
	/** Comes to an end when all have one and are let go. */
	readonly passing: Awaitable;
	readonly #rounds: Rounds;
	#arrival: Arrival;

	constructor(rounds: Rounds) {
		const { waiters } = rounds;
		const passOn = () => {}; // everybody is woken
		this.#rounds = rounds;
		this.#arrival = { round: rounds.round, place: NOWHERE, resets: 0 };
		this.arriving = { waiters, look: () => this.arrives(), passOn };
		this.passing = { waiters, look: () => rounds.isPassed(this.#arrival), passOn };
	}

	/** Whether it gets a place now; false while all are taken. */
	arrives(): boolean {
		this.#arrival = this.#rounds.arrive();
		return this.place !== NOWHERE;
	}

	get place(): number {
		return this.#arrival.place;
	}

	get isLast(): boolean {
		return this.place === this.#rounds.parties - 1;
	}

	/** What the last to arrive does: runs the action, and lets all go. */
	complete(action: () => void): void {
		this.fill();
		try {
			action();
		} catch (error) {
			this.fail(error);
			throw error;
		}
		this.pass();
	}

	/** All have come, and the action is to run. */
	fill(): void {
		this.#rounds.fill(this.#arrival);
	}

	/** The action has thrown. */
	fail(error: unknown): void {
		this.#rounds.fail(this.#arrival, error);
	}

	/** The action has run: all are let go. */
	pass(): void {
		this.#rounds.pass(this.#arrival);
	}

	/** Its time is up: breaks the round, unless all have come. */
	beLate(): void {
		this.#rounds.breakEarly(this.#arrival.round, LATE);
	}

	/** Breaks the round if it still goes on and lacks this party, or has lost it. */
	giveUp(): void {
		if (this.place === NOWHERE) this.#rounds.breakEarly(this.#arrival.round, ABORTED);
		else this.#rounds.break(this.#arrival.round, ABORTED);
	}
}
