import type { Awaitable, Turn } from '../wait/awaitable.js';
import { chains } from './chain.js';
import type { Suspended } from './monitor.js';
import { MUTEX_WORDS, type Mutex } from './mutex.js';

// Only the thread that has the mutex reads or writes these two.
const CHAIN = MUTEX_WORDS; // the token of the owner's call chain
const DEPTH = MUTEX_WORDS + 1; // how often it was taken; 0 before the mutex is released

/** Which call chain of the owning thread a mutex belongs to, and how often that has taken it. */
export class Reentry {
	readonly #mutex: Mutex;
	readonly #chains = chains();

	constructor(mutex: Mutex) {
		this.#mutex = mutex;
	}

	/** Whether the caller's chain is the owner. */
	get isOwned(): boolean {
		const { words, isMine } = this.#mutex;
		return isMine && Atomics.load(words, DEPTH) > 0 && this.#chains.include(Atomics.load(words, CHAIN));
	}

	/** How often it is taken now, by whomever. */
	get depth(): number {
		return this.#mutex.owner === 0 ? 0 : Atomics.load(this.#mutex.words, DEPTH);
	}

	/** Takes it once more, or for the first time if nobody has it. */
	tryTake(): boolean {
		if (this.#mutex.tryTake()) return this.#own(this.#chains.current);
		if (!this.isOwned) return false;
		Atomics.add(this.#mutex.words, DEPTH, 1);
		return true;
	}

	/** Runs `fn` in a call chain of its own. */
	inNewChain<T>(fn: () => T): T {
		return this.#chains.run(fn);
	}

	/** Waiting for it in the name of the caller's chain: a look may happen in any other. */
	asAwaitable(): Awaitable {
		return this.#awaitableFor(this.#chains.current);
	}

	#awaitableFor(token: number): Awaitable {
		const mutex = this.#mutex;
		return {
			waiters: mutex.waiters,
			holder: mutex.holder,
			look: (turn: Turn) => mutex.look(turn) && this.#own(token),
			passOn() {
				mutex.passOn();
			},
		};
	}

	/** Releases it however often it was taken. Only for the owner. */
	suspend(): Suspended {
		const { words } = this.#mutex;
		const chain = Atomics.load(words, CHAIN);
		const depth = Atomics.exchange(words, DEPTH, 0);
		this.#mutex.release();
		return {
			awaitable: this.#awaitableFor(chain),
			resume: () => Atomics.store(words, DEPTH, depth),
		};
	}

	/** Undoes one taking; the last one releases the mutex. Only for the owner. */
	release(): void {
		if (Atomics.sub(this.#mutex.words, DEPTH, 1) === 1) this.#mutex.release();
	}

	#own(token: number): true {
		Atomics.store(this.#mutex.words, CHAIN, token);
		Atomics.store(this.#mutex.words, DEPTH, 1);
		return true;
	}
}
