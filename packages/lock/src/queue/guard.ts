import type { Registry, ThreadId } from '@conc/core';
import { livesOn } from '../wait/alive.js';

const FREE = 0;
const SLEPT_ON = 1 << 30; // somebody sleeps on the word; the bits below are the owner

/** How often a thread looks again before it sleeps: what is guarded mostly takes a microsecond. */
const SPINS = 100;
const LOOK_AGAIN_MS = 5;

/**
 * Guards what takes a microsecond but when memory grows or big items are copied, so that even an event loop can wait for
 * it. What it guards is so made that a thread may end
 * anywhere in it, so the guard of a dead thread is simply taken.
 */
export class Guard {
	readonly #words: Int32Array;
	readonly #word: number;
	readonly #registry: Registry;
	readonly #self: ThreadId;

	constructor(words: Int32Array, word: number, registry: Registry, self: ThreadId) {
		this.#words = words;
		this.#word = word;
		this.#registry = registry;
		this.#self = self;
	}

	/** To be left again in a few instructions, whatever happens. */
	enter(): void {
		if (!this.#move(FREE, this.#self)) this.#enterSlowly();
	}

	leave(): void {
		const was = Atomics.exchange(this.#words, this.#word, FREE);
		if ((was & SLEPT_ON) !== 0) Atomics.notify(this.#words, this.#word, 1);
	}

	#enterSlowly(): void {
		for (let spin = 0; spin < SPINS; spin++) if (this.#move(FREE, this.#self)) return;
		for (;;) {
			const word = Atomics.load(this.#words, this.#word);
			const owner = word & (SLEPT_ON - 1);
			if (owner === FREE || !livesOn(this.#registry, owner)) {
				// Others may sleep too: whoever comes from sleep must wake one when it leaves.
				if (this.#move(word, this.#self | SLEPT_ON)) return;
			} else if ((word & SLEPT_ON) !== 0 || this.#move(word, word | SLEPT_ON)) {
				Atomics.wait(this.#words, this.#word, owner | SLEPT_ON, LOOK_AGAIN_MS);
			}
		}
	}

	#move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.#words, this.#word, from, to) === from;
	}
}
