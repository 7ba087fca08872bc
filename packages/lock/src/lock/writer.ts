import { Registry, type ThreadId } from '@conc/core';
import { LockError } from '../errors.js';
import { ownWords, type Place, waitersAt } from '../layout.js';
import { livesOn } from '../wait/alive.js';
import { type Awaitable, attempt, type Holder, type Turn } from '../wait/awaitable.js';
import { NONE, TABLE_WORDS } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';
import { Abandonment } from './abandonment.js';
import { Noted } from './noted.js';
import type { Readers } from './readers.js';

const WORD = 0; // FREE, the writer and WAITED, or PROMISED and to whom

const FREE = 0; // no writer: readers may come
const PROMISED = 1 << 31; // nobody writes, but only those in line may come, or one writer, once the readers are gone
const WAITED = 1 << 30; // the writer must wake somebody when it releases
const HOLDER = WAITED - 1; // a writer's thread; who it is promised to: a slot, or a thread that does not wait
const NOBODY = 0;

/** The writing side of an RWLock, and whether it lets readers in. */
export class Writer extends Noted implements Awaitable {
	readonly waiters: Waiters;
	readonly label: string;
	protected readonly words: Int32Array;
	readonly #self: ThreadId;
	readonly #registry: Registry;
	readonly #abandonment: Abandonment;
	readonly #readers: Readers;

	constructor(place: Place, label: string, readers: Readers) {
		super();
		this.label = label;
		this.#registry = Registry.of(place.registry);
		this.#self = readers.self;
		this.#readers = readers;
		this.words = ownWords(place);
		this.waiters = waitersAt(place, readers.self);
		this.#abandonment = new Abandonment(place, label, this.#registry);
	}

	/** Hands it on when a writer ends, in place of an error for everybody. Called once, before it is shared. */
	releaseWhenAbandoned(): void {
		this.#abandonment.release();
	}

	/** The uncontended way in: true or false at once. */
	tryTake(): boolean {
		const promise = PROMISED | this.#self;
		if (!this.#readers.areGone) return false;
		if (Atomics.compareExchange(this.gate, WORD, FREE, promise) === FREE) return this.#redeem(promise);
		return this.note() && this.tryTake();
	}

	/** The same for one who will not try again, and so must get past a promise nobody keeps. */
	tryHard(): boolean {
		return this.tryTake() || attempt(this);
	}

	look(turn: Turn): boolean {
		const promise = PROMISED | (turn.slot === NONE ? this.#self : turn.slot);
		for (;;) {
			const word = this.#open(turn, promise);
			if (word === undefined) return false;
			if (word !== promise) {
				if (!this.waiters.mayGo(turn, 1)) return false;
				this.#move(word, promise); // from now on no reader comes, and those who leave tell this slot
			} else if (turn.slot === NONE) {
				return this.#redeem(promise);
			} else if (!this.#readers.areGone) {
				return false;
			} else if (this.#move(promise, this.#self)) {
				return true;
			}
		}
	}

	/** Releases it. */
	release(): void {
		if (this.#move(this.#self, FREE)) return;
		const word = this.#word;
		if (!this.isMine) {
			throw new LockError(`${this.label} was released by a thread that does not write: it is ${this.state}`);
		}
		// Nobody but this thread moves it now: WAITED is set already.
		this.#move(word, this.waiters.isImpatient() ? PROMISED : FREE);
		this.passOn();
	}

	passOn(): void {
		for (;;) {
			const word = this.#word;
			if (word === FREE || word === PROMISED) {
				if (this.waiters.wake(1) || word === FREE || this.#move(PROMISED, FREE)) return;
			} else if (word < 0) {
				if (this.#isKept(word)) return;
				this.#move(word, FREE);
			} else if ((word & WAITED) !== 0 || !this.waiters.others(NONE) || this.#move(word, word | WAITED)) {
				return;
			}
		}
	}

	/** Tells a writer who waits for that, when no reader is left. */
	notice(): void {
		const word = this.#word;
		const slot = word & HOLDER;
		if (word >= 0 || !isSlot(slot) || !this.#readers.areGone) return;
		if (!this.waiters.tell(slot)) this.passOn();
	}

	/** Whether a reader may come who does not wait. */
	get isFree(): boolean {
		return this.#word === FREE;
	}

	/** Whether a reader may come who is in line and has its turn. */
	get isAbsent(): boolean {
		const word = this.#word;
		return word === FREE || word === PROMISED;
	}

	/** The same, for a reader's look: when a writer is in the way, sees to it that somebody is woken later. */
	letsIn(turn: Turn): boolean {
		return this.#open(turn, PROMISED) !== undefined;
	}

	/** Whom a blocking wait waits for, unless that is readers. */
	get holder(): Holder {
		return { registry: this.#registry, label: this.label, owner: () => this.owner };
	}

	/** The thread that writes. */
	get owner(): ThreadId {
		const word = this.#word;
		return word < 0 ? NOBODY : word & HOLDER;
	}

	/** Whether somebody writes; readers seen then have only come to look, and leave. */
	get isPresent(): boolean {
		return this.owner !== NOBODY;
	}

	get isMine(): boolean {
		return this.owner === this.#self;
	}

	/** Makes it free when the writer has ended; false when that is not so. */
	recover(): boolean {
		const word = this.#word;
		const { owner } = this;
		if (owner === NOBODY || this.#registry.isAlive(owner) || !this.#move(word, FREE)) return false;
		this.passOn();
		return true;
	}

	/** `free`, `read by …`, `written by …`: for inspect. */
	get state(): string {
		const { owner } = this;
		if (owner === NOBODY) return this.#readersState;
		if (owner === this.#self) return 'written by this thread';
		const isHeld = this.#registry.isAlive(owner) || !this.#diedHolding(owner);
		return `${isHeld ? 'written' : 'abandoned'} by ${this.#registry.nameOf(owner)}`;
	}

	get #readersState(): string {
		const { length } = this.#readers.ids;
		if (length === 0) return 'free';
		return `read by ${length} ${length === 1 ? 'thread' : 'threads'}`;
	}

	get #word(): number {
		return Atomics.load(this.words, WORD);
	}

	/**
	 * The word, when no writer is in the way of `turn`: FREE, PROMISED or `promise`. Undefined when one is, who then
	 * knows that it must wake somebody.
	 */
	#open(turn: Turn, promise: number): number | undefined {
		for (;;) {
			const word = this.#word;
			if (word === FREE || word === PROMISED || word === promise) return word;
			const owner = word & HOLDER;
			if (word < 0) {
				this.notice(); // the last reader may have died
				this.waiters.watch(turn);
				if (this.#isKept(word)) return undefined;
				this.#move(word, FREE);
			} else if (owner !== this.#self && !livesOn(this.#registry, owner)) {
				if (!this.#diedHolding(owner)) continue;
				this.#abandonment.check(owner);
				this.#move(word, FREE);
			} else if (turn.slot === NONE || (word & WAITED) !== 0 || this.#move(word, word | WAITED)) {
				return undefined;
			}
		}
	}

	/** Takes what was promised to this thread, which does not wait: now, or the promise is given back. */
	#redeem(promise: number): boolean {
		const took = this.#readers.areGone && this.#move(promise, this.#self);
		if (!took) this.#move(promise, FREE);
		// Those who came meanwhile have found neither a writer to mark nor a free lock.
		this.passOn();
		return took;
	}

	/** Whether the one it is promised to may still come: it is in line and not late, or about to look at the readers. */
	#isKept(promise: number): boolean {
		const holder = promise & HOLDER;
		return isSlot(holder) ? this.waiters.isExclusive(holder) : livesOn(this.#registry, holder);
	}

	/** Whether a thread that has ended still has it: it may have released it between the looks at the word and at it. */
	#diedHolding(owner: ThreadId): boolean {
		return this.owner === owner;
	}

	#move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.words, WORD, from, to) === from;
	}
}

/** Slots are small numbers but not 0, and thread ids greater than any of them. */
function isSlot(holder: number): boolean {
	return holder !== NOBODY && holder < TABLE_WORDS;
}
