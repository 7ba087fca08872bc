import { HomeLostError } from '@conc/core';
import type { RWLock, SharedValue } from '@conc/lock';

/** Who has an end of a pipe, in the memory of who made it. */
export interface EndHandle {
	/** Held for reading by every thread that has the end: one that has died does not read any more. */
	readonly lock: RWLock;
	/** How often it was given to somebody and has not arrived; when it was given last. */
	readonly underWay: SharedValue<'int32'>;
	readonly givenAt: SharedValue<'float64'>;
}

/** For so long an end may be on its way: in a queue, or to a process that has not started yet. */
const ON_ITS_WAY_MS = 600_000;
/** What was seen is taken for true so long. */
const FRESH_MS = 20;

/** Who has an end. Who gives it to others has it only if it goes on using it. */
export class Holders {
	readonly #handle: EndHandle;
	/** This thread counts among them, through this object. */
	#isEntered = false;
	#seenAt = Number.NEGATIVE_INFINITY;

	constructor(handle: EndHandle) {
		this.#handle = handle;
	}

	/** This thread has it, from the start or because it uses it. */
	enter(): void {
		if (this.#isEntered) return;
		this.#isEntered = true;
		this.#handle.lock.read.tryAcquire();
	}

	/** It was given to this thread. */
	async arrive(): Promise<void> {
		this.#isEntered = true;
		try {
			await this.#handle.lock.read.acquire();
			this.#arrived();
		} catch (error) {
			if (!(error instanceof HomeLostError)) throw error; // who uses it will be told
		}
	}

	leave(): void {
		if (!this.#isEntered) return;
		this.#isEntered = false;
		this.#handle.lock.read.release();
	}

	/** It goes to somebody; gives what takes that back. */
	give(): () => void {
		const hadIt = this.#isEntered;
		this.#handle.givenAt.value = Date.now();
		this.#handle.underWay.add(1);
		this.leave();
		return () => {
			try {
				if (hadIt) this.enter();
				this.#arrived();
			} catch (error) {
				if (!(error instanceof HomeLostError)) throw error; // who uses it will be told
			}
		};
	}

	/** What was given once may arrive at several. */
	#arrived(): void {
		const { underWay } = this.#handle;
		for (let count = underWay.value; count > 0; count = underWay.value) {
			if (underWay.compareExchange(count, count - 1) === count) return;
		}
	}

	/** Nobody has it, and nobody is about to. */
	get areGone(): boolean {
		const now = performance.now();
		if (now - this.#seenAt < FRESH_MS) return false;
		const isHeld = this.#handle.lock.read.locked || this.#isOnItsWay;
		if (isHeld) this.#seenAt = now;
		return !isHeld;
	}

	get #isOnItsWay(): boolean {
		const { underWay, givenAt } = this.#handle;
		return underWay.value > 0 && Date.now() - givenAt.value < ON_ITS_WAY_MS;
	}
}
