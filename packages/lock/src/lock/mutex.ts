import { Registry, type ThreadId } from '@conc/core';
import { LockError } from '../errors.js';
import { callerAt, ownWords, type Place, waitersAt } from '../layout.js';
import { livesOn } from '../wait/alive.js';
import { type Awaitable, attempt, type Holder, type Turn } from '../wait/awaitable.js';
import { NONE } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';
import { Abandonment } from './abandonment.js';
import { Noted } from './noted.js';

const WORD = 0; // FREE, PROMISED, or the owner and WAITED

/** The words from here on belong to what is built on a mutex. */
export const MUTEX_WORDS = 8;

const FREE = 0; // anybody may take it
const PROMISED = 1 << 31; // nobody has it, but only those in line may take it
const WAITED = 1 << 30; // the owner must wake somebody when it releases
const OWNER = WAITED - 1;
const NOBODY = 0;

/** What Lock and RLock are made of: one owner at a time, and a line of those who want to be the next. */
export class Mutex extends Noted implements Awaitable {
	readonly waiters: Waiters;
	readonly words: Int32Array;
	readonly self: ThreadId;
	readonly label: string;
	readonly #place: Place;
	readonly #registry: Registry;
	readonly #abandonment: Abandonment;

	/** @param self who takes and releases it through this object */
	constructor(place: Place, label: string, self = callerAt(place)) {
		super();
		this.#place = place;
		this.label = label;
		this.#registry = Registry.of(place.registry);
		this.self = self;
		this.words = ownWords(place);
		this.waiters = waitersAt(place, self);
		this.#abandonment = new Abandonment(place, label, this.#registry);
	}

	/** Hands it on when an owner ends, in place of an error for everybody. Called once, before it is shared. */
	releaseWhenAbandoned(): void {
		this.#abandonment.release();
	}

	/** The uncontended way in: true or false at once. */
	tryTake(): boolean {
		return (
			Atomics.compareExchange(this.gate, WORD, FREE, this.self) === FREE || (this.note() && this.tryTake())
		);
	}

	/** The same for one who will not try again, and so must get past a promise nobody keeps. */
	tryHard(): boolean {
		return this.tryTake() || attempt(this);
	}

	/** Whom a blocking wait waits for. */
	get holder(): Holder {
		return { registry: this.#registry, label: this.label, owner: () => this.owner };
	}

	get owner(): ThreadId {
		return Atomics.load(this.words, WORD) & OWNER;
	}

	get isMine(): boolean {
		return this.owner === this.self;
	}

	look(turn: Turn): boolean {
		for (;;) {
			const word = Atomics.load(this.words, WORD);
			const owner = word & OWNER;
			if (owner === NOBODY) {
				if (!this.waiters.mayGo(turn, 1)) return false;
				const taken = this.waiters.others(turn.slot) ? this.self | WAITED : this.self;
				if (this.#move(word, taken)) return true;
			} else if (owner !== this.self && !livesOn(this.#registry, owner)) {
				if (!this.#diedHolding(owner)) continue;
				this.#abandonment.check(owner);
				this.#move(word, FREE);
			} else if (turn.slot === NONE || (word & WAITED) !== 0 || this.#move(word, word | WAITED)) {
				return false;
			}
		}
	}

	/** Releases it whoever has it. */
	release(): void {
		if (!this.#move(this.self, FREE)) this.#releaseSlowly();
	}

	passOn(): void {
		for (;;) {
			const word = Atomics.load(this.words, WORD);
			if ((word & OWNER) !== NOBODY) {
				// Its owner wakes the next one, if it knows that somebody waits.
				if ((word & WAITED) !== 0 || !this.waiters.others(NONE) || this.#move(word, word | WAITED)) return;
			} else if (this.waiters.wake(1) || word === FREE || this.#move(PROMISED, FREE)) {
				return;
			}
		}
	}

	/** Makes it free when its owner has ended; false when that is not so. */
	recover(): boolean {
		const word = Atomics.load(this.words, WORD);
		const owner = word & OWNER;
		if (owner === NOBODY || this.#registry.isAlive(owner) || !this.#move(word, FREE)) return false;
		this.passOn();
		return true;
	}

	/** `free`, `held by …`: for inspect. */
	get state(): string {
		const { owner } = this;
		if (owner === NOBODY) return 'free';
		if (owner === this.self) return 'held by this thread';
		const isHeld = this.#registry.isAlive(owner) || !this.#diedHolding(owner);
		return `${isHeld ? 'held' : 'abandoned'} by ${this.#registry.nameOf(owner)}`;
	}

	get place(): Place {
		return this.#place;
	}

	#releaseSlowly(): void {
		for (;;) {
			const word = Atomics.load(this.words, WORD);
			const owner = word & OWNER;
			if (owner === NOBODY) throw new LockError(`${this.label} was released, but nobody holds it`);
			if (owner !== this.self && !this.#registry.isAlive(owner)) {
				if (this.#diedHolding(owner)) throw this.#abandonment.error(owner);
				continue;
			}
			if ((word & WAITED) === 0) {
				if (this.#move(word, FREE)) return;
				continue;
			}
			const next = this.waiters.isImpatient() ? PROMISED : FREE;
			if (!this.#move(word, next)) continue;
			if (!this.waiters.wake(1) && next === PROMISED) this.passOn();
			return;
		}
	}

	/** Whether a thread that has ended still has it: it may have released it between the looks at the word and at it. */
	#diedHolding(owner: ThreadId): boolean {
		return this.owner === owner;
	}

	#move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.words, WORD, from, to) === from;
	}
}
