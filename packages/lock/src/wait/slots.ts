import type { Registry, ThreadId } from '@conc/core';
import { livesOn } from './alive.js';
import { elapsed, micros } from './clock.js';

/** No slot. */
export const NONE = -1;

// The states of a slot. README.md names the transitions.
const IDLE = 0; // nobody waits in it
export const WAITING = 1; // its waiter sleeps, or is about to
export const GRANTED = 2; // its waiter was told that it is its turn
export const TAKEN = 3; // its waiter has seen that and tries
export const REVOKED = 4; // its waiter did not come in time, and the next one was told
export const LEFT = 5; // its waiter is leaving, or has ended; what it was told is being passed on

// The words of a slot.
export const STATE = 0; // what the waiter sleeps on
const OWNER = 1; // the waiting thread, 0: the slot is free
const TICKET = 2; // its place in the order of arrival
const KIND = 3;
const SINCE = 4; // when it arrived
const GRANTED_AT = 5;
const MODE = 6;
const GRANTED_TO = 7; // the ticket of who was meant: another may have the slot by the time it is told
const SLOT_WORDS = 8;

const BLOCKING = 1; // its thread sleeps meanwhile
const PENDING = 2; // its thread does other things meanwhile

/** Whether a waiter can have what it waits for together with others. */
export type Mode = typeof EXCLUSIVE | typeof SHARED;
export const EXCLUSIVE = 0;
export const SHARED = 1;

// The words before the slots.
const TICKETS = 0; // counts arrivals
const END = 1; // slots from here on have never been used
export const PAUSE = 2; // always 0 and never notified: to sleep on without a slot
const HEADER_WORDS = 8;

/** How many waits have a place in line at once. */
export const SLOTS = 64;

/** How many words of memory a table takes. */
export const TABLE_WORDS = HEADER_WORDS + SLOTS * SLOT_WORDS;

/** By the difference, because tickets wrap. */
export function isEarlier(ticket: number, other: number): boolean {
	return ((ticket - other) | 0) < 0;
}

/**
 * The memory of a table: who has which slot. A slot is named by where it begins.
 *
 * There are no links between slots, so a thread may die at any instruction and leaves at worst a slot to be freed.
 */
export class Slots {
	readonly words: Int32Array;
	readonly #registry: Registry;
	readonly #self: ThreadId;
	readonly #mode: Mode;

	/** @param caller who claims slots through this object, in this mode */
	constructor(memory: SharedArrayBuffer, offset: number, registry: Registry, caller: ThreadId, mode: Mode) {
		this.words = new Int32Array(memory, offset, TABLE_WORDS);
		this.#registry = registry;
		this.#self = caller;
		this.#mode = mode;
	}

	/** A slot for a wait of this thread, in the state WAITING; `NONE` when all are in use. */
	claim(blocking: boolean): number {
		const slot = this.#claim();
		if (slot === NONE) return NONE;
		const words = this.words;
		Atomics.store(words, slot + TICKET, Atomics.add(words, TICKETS, 1));
		Atomics.store(words, slot + KIND, blocking ? BLOCKING : PENDING);
		Atomics.store(words, slot + MODE, this.#mode);
		Atomics.store(words, slot + SINCE, micros());
		Atomics.store(words, slot + STATE, WAITING);
		return slot;
	}

	/** Gives a slot back. */
	free(slot: number): void {
		Atomics.store(this.words, slot + STATE, IDLE);
		// A waitAsync still pending here must settle before the slot is anybody else's.
		if (!this.isBlocking(slot)) Atomics.notify(this.words, slot + STATE);
		Atomics.store(this.words, slot + OWNER, 0);
	}

	/** Takes a slot out of line; whether its waiter was told that it is its turn, and had not seen it. */
	quit(slot: number): boolean {
		return Atomics.exchange(this.words, slot + STATE, LEFT) === GRANTED;
	}

	/** Makes a slot whose thread has ended this thread's; false when it lives or somebody else was faster. */
	takeOverIfDead(slot: number): boolean {
		const owner = Atomics.load(this.words, slot + OWNER);
		if (owner === 0 || livesOn(this.#registry, owner)) return false;
		return Atomics.compareExchange(this.words, slot + OWNER, owner, this.#self) === owner;
	}

	/** Frees a slot whose thread has ended; false when it lives or somebody else was faster. */
	freeIfDead(slot: number): boolean {
		if (!this.takeOverIfDead(slot)) return false;
		this.free(slot);
		return true;
	}

	/** The same for one that was told nothing: what it was told is to be passed on, by those who sweep. */
	freeIfDeadAndUntold(slot: number): boolean {
		const owner = Atomics.load(this.words, slot + OWNER);
		if (!this.takeOverIfDead(slot)) return false;
		const was = Atomics.compareExchange(this.words, slot + STATE, WAITING, IDLE);
		if (was === WAITING || was === IDLE) {
			this.free(slot);
			return true;
		}
		Atomics.store(this.words, slot + OWNER, owner); // it was told a moment ago
		return false;
	}

	/** Whether who claims slots through this object has ended. One of another process has, while this thread goes on. */
	get hasEnded(): boolean {
		return this.#registry.hasEnded(this.#self);
	}

	state(slot: number): number {
		return Atomics.load(this.words, slot + STATE);
	}

	/** WAITING → GRANTED, for the waiter with this ticket. */
	grant(slot: number, ticket: number): boolean {
		// Written before the state, or a reader could take an old time for this turn's.
		Atomics.store(this.words, slot + GRANTED_AT, micros());
		Atomics.store(this.words, slot + GRANTED_TO, ticket);
		if (Atomics.compareExchange(this.words, slot + STATE, WAITING, GRANTED) !== WAITING) return false;
		Atomics.notify(this.words, slot + STATE);
		return true;
	}

	/** Whether who was granted last is who has it, and not one who had it before. */
	isMeant(slot: number): boolean {
		return Atomics.load(this.words, slot + GRANTED_TO) === this.ticket(slot);
	}

	ticket(slot: number): number {
		return Atomics.load(this.words, slot + TICKET);
	}

	isBlocking(slot: number): boolean {
		return Atomics.load(this.words, slot + KIND) === BLOCKING;
	}

	isShared(slot: number): boolean {
		return Atomics.load(this.words, slot + MODE) === SHARED;
	}

	isOurs(slot: number): boolean {
		return Atomics.load(this.words, slot + OWNER) === this.#self;
	}

	sameThread(slot: number, other: number): boolean {
		return Atomics.load(this.words, slot + OWNER) === Atomics.load(this.words, other + OWNER);
	}

	/** For how many microseconds it has waited. */
	waited(slot: number): number {
		return elapsed(Atomics.load(this.words, slot + SINCE), micros());
	}

	/** For how many microseconds it has been granted. */
	grantedFor(slot: number): number {
		return elapsed(Atomics.load(this.words, slot + GRANTED_AT), micros());
	}

	/** The first slot for which `isMeant`, in no order. */
	some(isMeant: (slot: number) => boolean): number {
		const end = Atomics.load(this.words, END);
		for (let slot = HEADER_WORDS; slot < end; slot += SLOT_WORDS) {
			if (isMeant(slot)) return slot;
		}
		return NONE;
	}

	/** The ticket of the next to join. */
	get nextTicket(): number {
		return Atomics.load(this.words, TICKETS);
	}

	/** Whether it was claimed before the one with this ticket will be. */
	isBefore(slot: number, ticket: number): boolean {
		return isEarlier(this.ticket(slot), ticket);
	}

	#claim(): number {
		for (let slot = HEADER_WORDS; slot < TABLE_WORDS; slot += SLOT_WORDS) {
			if (Atomics.compareExchange(this.words, slot + OWNER, 0, this.#self) !== 0) continue;
			this.#raiseEnd(slot + SLOT_WORDS);
			return slot;
		}
		// What a dead waiter was told must be passed on: that is for those who sweep.
		const freed = this.some((slot) => this.#isUntold(slot) && this.freeIfDeadAndUntold(slot));
		if (freed === NONE || Atomics.compareExchange(this.words, freed + OWNER, 0, this.#self) !== 0)
			return NONE;
		return freed;
	}

	#isUntold(slot: number): boolean {
		const state = this.state(slot);
		return state === WAITING || state === IDLE;
	}

	#raiseEnd(to: number): void {
		let end = Atomics.load(this.words, END);
		while (end < to) end = Atomics.compareExchange(this.words, END, end, to);
	}
}
