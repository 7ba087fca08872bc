import type { Registry, ThreadId } from '@conc/core';
import { AbandonedLockError } from '../errors.js';
import { ownWords, type Place } from '../layout.js';

const ON_ABANDONED = 1; // what happens when the owner ends: THROW or RELEASE
const MOURNED = 2; // the dead owner whose end was noticed last
const NOTICED_AT = 3; // 64-bit index: when that was

const RELEASE = 1;

/** What is known of owners that ended: what is to happen then, and when the last one was noticed. */
export class Abandonment {
	readonly #label: string;
	readonly #registry: Registry;
	readonly #words: Int32Array;
	readonly #times: BigInt64Array;

	constructor(place: Place, label: string, registry: Registry) {
		this.#label = label;
		this.#registry = registry;
		this.#words = ownWords(place);
		this.#times = new BigInt64Array(place.memory, place.offset, NOTICED_AT + 1);
	}

	/** Hands it on when an owner ends, in place of an error for everybody. Called once, before it is shared. */
	release(): void {
		Atomics.store(this.#words, ON_ABANDONED, RELEASE);
	}

	/** Throws, unless it is to be handed on. For one who wants it and finds that its owner has ended. */
	check(owner: ThreadId): void {
		if (Atomics.load(this.#words, ON_ABANDONED) !== RELEASE) throw this.error(owner);
	}

	error(owner: ThreadId): AbandonedLockError {
		if (Atomics.load(this.#words, MOURNED) !== owner) {
			Atomics.store(this.#times, NOTICED_AT, BigInt(Date.now()));
			Atomics.store(this.#words, MOURNED, owner);
		}
		const noticedAt = new Date(Number(Atomics.load(this.#times, NOTICED_AT)));
		return new AbandonedLockError(this.#label, owner, noticedAt, this.#registry.nameOf(owner));
	}
}
