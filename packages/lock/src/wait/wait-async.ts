import { follow, readSignal, readTimeout, type WaitOptions } from '@conc/core';
import {
	type Awaitable,
	attempt,
	LOOK_AGAIN_MS,
	leave,
	newTurn,
	sweep,
	type Takeable,
	type Turn,
} from './awaitable.js';
import { type Alarm, clock } from './clock.js';
import { NOWHERE } from './heap.js';
import { NONE } from './slots.js';
import type { Insider, Outsider } from './waiters.js';

/** How soon the oldest wait without a slot looks again, and whether another thread has freed one: nobody can wake it. */
const WITHOUT_SLOT_MS = 5;

/**
 * Resolves when what is waited for was taken, or with false when that took longer than `timeout` milliseconds.
 * Rejects with `signal.reason` when the signal is aborted, and with what a look throws.
 */
export function waitAsync(awaitable: Awaitable, timeout: number, signal?: AbortSignal): Promise<boolean> {
	return new Promise((resolve, reject) => {
		if (timeout === 0) return resolve(attempt(awaitable));
		const turn = newTurn(false);
		const settle = { resolve, reject, leave: () => leave(awaitable, turn) };
		new PendingWait(awaitable, timeout, signal, turn, settle).begin();
	});
}

/** The same for what may be had without waiting, with the options a caller gave. */
export async function takeAsync(takeable: Takeable, options: WaitOptions | undefined): Promise<boolean> {
	const timeout = readTimeout(options);
	const signal = readSignal(options);
	signal?.throwIfAborted();
	return takeable.tryTake() || waitAsync(takeable, timeout, signal);
}

/** The same for a turn that the caller has begun, and ends. */
export function waitTurnAsync(
	awaitable: Awaitable,
	timeout: number,
	signal: AbortSignal | undefined,
	turn: Turn,
): Promise<boolean> {
	return new Promise((resolve, reject) => {
		new PendingWait(awaitable, timeout, signal, turn, { resolve, reject, leave() {} }).begin();
	});
}

interface Settle {
	resolve(took: boolean): void;
	reject(reason: unknown): void;
	/** Called before one of the others. */
	leave(): void;
}

class PendingWait implements Alarm, Outsider, Insider {
	due = 0;
	place = NOWHERE;
	readonly #awaitable: Awaitable;
	readonly #deadline: number;
	readonly #signal: AbortSignal | undefined;
	readonly #turn: Turn;
	readonly #settle: Settle;
	#unfollow = () => {};
	#listening = false;
	#ended = false;

	constructor(
		awaitable: Awaitable,
		timeout: number,
		signal: AbortSignal | undefined,
		turn: Turn,
		settle: Settle,
	) {
		this.#awaitable = awaitable;
		this.#deadline = performance.now() + timeout;
		this.#signal = signal;
		this.#turn = turn;
		this.#settle = settle;
	}

	begin(): void {
		const signal = this.#signal;
		if (signal?.aborted) return this.#abort();
		if (signal !== undefined) this.#unfollow = follow(signal, () => this.#abort());
		if (!this.#turn.joins) return this.#look();
		const { outside } = this.#awaitable.waiters;
		outside.add(this);
		if (outside.size === 1) this.letIn();
		else clock().set(this, this.#deadline);
	}

	/** Gets a slot if there is one. Only the oldest of those outside asks, so they keep their order. */
	letIn(): void {
		if (this.#isOrphaned()) return;
		const { waiters } = this.#awaitable;
		this.#turn.slot = waiters.join(false);
		if (this.#turn.slot !== NONE) {
			waiters.outside.delete(this);
			waiters.inside.add(this);
			this.#letInNext();
		}
		this.#look();
	}

	ring(): void {
		if (this.#isOrphaned()) return;
		const { waiters } = this.#awaitable;
		if (this.#turn.joins && this.#turn.slot === NONE) return this.letIn();
		sweep(this.#awaitable);
		// Who came before and was told so has not woken yet, and is not to be overtaken for that.
		for (const earlier of waiters.inside) if (earlier === this || !earlier.takeTurn()) break;
		if (this.#ended) return;
		this.#turn.granted = waiters.accept(this.#turn.slot);
		this.#look();
	}

	takeTurn(): boolean {
		this.#turn.granted = this.#awaitable.waiters.accept(this.#turn.slot);
		if (!this.#turn.granted) return false;
		this.#look();
		return true;
	}

	#abort(): void {
		this.#end(() => this.#settle.reject(this.#signal?.reason));
	}

	#look(): void {
		const { waiters } = this.#awaitable;
		const turn = this.#turn;
		for (;;) {
			turn.nap = turn.slot === NONE ? WITHOUT_SLOT_MS : LOOK_AGAIN_MS;
			let took: boolean;
			try {
				took = this.#awaitable.look(turn);
			} catch (error) {
				this.#end(() => this.#settle.reject(error));
				return;
			}
			if (took) {
				this.#end(() => this.#settle.resolve(true));
				return;
			}
			if (turn.granted) {
				turn.granted = false;
				waiters.again(turn.slot);
			} else if (turn.slot === NONE || this.#listening || this.#listenToSlot()) {
				break;
			} else {
				turn.granted = waiters.accept(turn.slot);
			}
		}
		const now = performance.now();
		if (now >= this.#deadline) this.#end(() => this.#settle.resolve(false));
		else clock().set(this, Math.min(this.#deadline, now + turn.nap));
	}

	#listenToSlot(): boolean {
		const happened = this.#awaitable.waiters.event(this.#turn.slot);
		if (happened === undefined) return false;
		this.#listening = true;
		void happened.then(() => {
			this.#listening = false;
			if (this.#ended || this.#isOrphaned()) return;
			this.#turn.granted = this.#awaitable.waiters.accept(this.#turn.slot);
			this.#look();
		});
		return true;
	}

	/** The thread that waits has ended, for which this one acts: it neither takes nor leaves anything any more. */
	#isOrphaned(): boolean {
		const { hasEnded } = this.#awaitable.waiters;
		if (hasEnded) this.#stop();
		return hasEnded;
	}

	#stop(): void {
		this.#ended = true;
		clock().unset(this);
		this.#unfollow();
		this.#awaitable.waiters.outside.delete(this);
		this.#awaitable.waiters.inside.delete(this);
	}

	#end(settle: () => void): void {
		this.#stop();
		this.#settle.leave();
		settle();
		this.#letInNext();
	}

	/** In a microtask of its own: the next wait may end at once too, and so on for thousands. */
	#letInNext(): void {
		const { outside } = this.#awaitable.waiters;
		if (outside.size > 0) queueMicrotask(() => outside.values().next().value?.letIn());
	}
}
