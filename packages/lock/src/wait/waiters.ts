import type { Registry, ThreadId } from '@conc/core';
import type { Turn } from './awaitable.js';
import {
	EXCLUSIVE,
	GRANTED,
	isEarlier,
	LEFT,
	type Mode,
	NONE,
	PAUSE,
	REVOKED,
	SHARED,
	SLOTS,
	Slots,
	STATE,
	TAKEN,
	WAITING,
} from './slots.js';

/** A newcomer may go first for as long as the first in line has not waited longer than this. */
const BARGE_MICROS = 1_000;
/** An asynchronous waiter that does not take its turn within this time loses it to the next. */
const LATE_MICROS = 5_000;

/** A wait of this thread that found the table full and is let in later. */
export interface Outsider {
	letIn(): void;
}

/** A wait of this thread that is in line, and does not block. */
export interface Insider {
	/** Looks now, if it was told that it is its turn; false when it was not. */
	takeTurn(): boolean;
}

/** A wait that has a slot. */
interface InLine {
	readonly slot: number;
	/** Its place in line: the slot may be another's later. */
	readonly ticket: number;
}

/** Those who wait for one primitive, first come first served: each wait has a slot and sleeps on that slot's word. */
export class Waiters {
	/** This thread's waits without a slot, oldest first. */
	readonly outside = new Set<Outsider>();
	/** Those with one that do not block, first come first. */
	readonly inside = new Set<Insider>();
	readonly #slots: Slots;
	readonly #words: Int32Array;
	readonly #mode: Mode;

	/** @param mode of those who join through this object; those who are SHARED and in line next to each other go together */
	constructor(
		memory: SharedArrayBuffer,
		offset: number,
		registry: Registry,
		caller: ThreadId,
		mode: Mode = EXCLUSIVE,
	) {
		this.#slots = new Slots(memory, offset, registry, caller, mode);
		this.#mode = mode;
		this.#words = this.#slots.words;
	}

	/** A slot for a wait of this thread; `NONE` when the table is full. */
	join(blocking: boolean): number {
		return this.#slots.claim(blocking);
	}

	/** Gives the slot back, after `passOn` has passed on the turn its waiter was told of and did not see. */
	leave(slot: number, passOn: (wasTold: boolean) => void): void {
		passOn(this.#slots.quit(slot));
		this.#slots.free(slot);
	}

	/** Blocks until something happens to the slot, `ms` at most; false when nothing did. */
	sleep(slot: number, ms: number): boolean {
		if (slot === NONE) return Atomics.wait(this.#words, PAUSE, 0, ms) !== 'timed-out';
		return Atomics.wait(this.#words, slot + STATE, WAITING, ms) !== 'timed-out';
	}

	/** Settles when something happens to the slot; undefined when something already has. */
	event(slot: number): Promise<unknown> | undefined {
		const pending = Atomics.waitAsync(this.#words, slot + STATE, WAITING);
		return pending.async ? pending.value : undefined;
	}

	/** GRANTED → TAKEN: whether it is this slot's turn now. */
	accept(slot: number): boolean {
		if (slot === NONE) return false;
		const was = Atomics.compareExchange(this.#words, slot + STATE, GRANTED, TAKEN);
		if (was === REVOKED) this.again(slot);
		return was === GRANTED;
	}

	/** Back to WAITING, at the old place in line, after a turn that led to nothing. */
	again(slot: number): void {
		Atomics.store(this.#words, slot + STATE, WAITING);
	}

	/** Whether who waits here has ended: its slots are for others to free then. */
	get hasEnded(): boolean {
		return this.#slots.hasEnded;
	}

	/** Whether somebody other than `slot` is in line. */
	others(slot: number): boolean {
		return this.#slots.some((at) => at !== slot && this.#isInLine(at)) !== NONE;
	}

	/** Whether the first in line has waited so long that nobody may go before it any more. */
	isImpatient(): boolean {
		const [first] = this.#front(1);
		return first !== undefined && this.#slots.waited(first.slot) > BARGE_MICROS;
	}

	/**
	 * Whether `turn` may take one of so many free places: it was told so, or is far enough in front. Otherwise those
	 * who are were told, and its nap is shortened so that it looks again when they would be late.
	 */
	mayGo(turn: Turn, places: number): boolean {
		if (turn.granted && this.#slots.isMeant(turn.slot)) return true;
		this.watch(turn);
		if (this.#ahead(turn.slot) < places) return true;
		this.wake(places);
		this.watch(turn);
		return false;
	}

	/** Sees to it that as many waiters as `places` were told that it is their turn; false when nobody is in line. */
	wake(places: number): boolean {
		for (;;) {
			// In one pass over the table: a waiter that somebody else tells meanwhile must not seem to be out of line.
			const next = this.#next(places);
			if (next.every(({ slot, ticket }) => this.tell(slot, ticket))) return next.length > 0;
		}
	}

	/** The place in line of the next to join. */
	get nextTicket(): number {
		return this.#slots.nextTicket;
	}

	/** Tells as many as `count` who were not told yet and have joined before `ticket`, in order; gives how many. */
	notify(count: number, ticket: number): number {
		let told = 0;
		for (;;) {
			const next = this.#first(
				count - told,
				(slot) => this.#slots.state(slot) === WAITING && this.#slots.isBefore(slot, ticket),
			);
			if (next.length === 0) return told;
			for (const { slot, ticket: own } of next)
				if (!this.#slots.freeIfDeadAndUntold(slot) && this.#grant(slot, own)) told++;
		}
	}

	/** WAITING → GRANTED, where it is not so yet; false when the line has changed. */
	tell(slot: number, ticket = this.#slots.ticket(slot)): boolean {
		if (this.#slots.freeIfDead(slot)) return false;
		if (this.#slots.state(slot) === WAITING && !this.#grant(slot, ticket)) return false;
		this.#nudgeWatcher(slot);
		return true;
	}

	/** WAITING → GRANTED; false when that has not reached the one with this ticket. */
	#grant(slot: number, ticket: number): boolean {
		return this.#slots.grant(slot, ticket) && this.#slots.ticket(slot) === ticket;
	}

	/** Revokes the turns of those who are late, and shortens the nap of `turn` to when the next one would be. */
	watch(turn: Turn): void {
		this.#slots.some((at) => {
			if (at === turn.slot || this.#slots.state(at) !== GRANTED) return false;
			const patience = this.#patienceWith(at, turn.blocking);
			if (patience > 0) turn.nap = Math.min(turn.nap, patience);
			else Atomics.compareExchange(this.#words, at + STATE, GRANTED, REVOKED);
			return false;
		});
	}

	/** Whether somebody who lives has this slot and is in line for something of its own. */
	isExclusive(slot: number): boolean {
		return !this.#slots.freeIfDead(slot) && this.#isInLine(slot) && !this.#slots.isShared(slot);
	}

	/** Tells everybody who waits. */
	wakeAll(): void {
		this.#slots.some((at) => {
			if (this.#slots.state(at) === WAITING) this.#slots.grant(at, this.#slots.ticket(at));
			return false;
		});
	}

	/** Frees the slots whose thread ended with its turn not taken, after `passOn` has passed that on. */
	sweep(passOn: () => void): void {
		this.#slots.some((at) => {
			if (!this.#isToldAt(at) || !this.#slots.takeOverIfDead(at)) return false;
			this.#slots.quit(at); // out of line first, and if this thread ends now, somebody else sweeps it
			passOn();
			this.#slots.free(at);
			return false;
		});
	}

	/** Who may take so many places: the first in line; with a SHARED one in front, all up to the first that is not. */
	#next(places: number): InLine[] {
		const front = this.#front(places);
		if (front[0] === undefined || !this.#slots.isShared(front[0].slot)) return front;
		const line = this.#front(SLOTS);
		const end = line.findIndex(({ slot }) => !this.#slots.isShared(slot));
		// Not shorter than 1: those in front may have left between the two readings.
		return end < 0 ? line : line.slice(0, Math.max(end, 1));
	}

	/** The first so many in line, in order. */
	#front(places: number): InLine[] {
		return this.#first(places, (slot) => this.#isInLine(slot));
	}

	/** The first so many of those that are meant, in order. */
	#first(places: number, isMeant: (slot: number) => boolean): InLine[] {
		const front: InLine[] = [];
		this.#slots.some((slot) => {
			const ticket = this.#slots.ticket(slot);
			if (!isMeant(slot)) return false;
			let place = front.length;
			while (place > 0 && isEarlier(ticket, (front[place - 1] as InLine).ticket)) place--;
			if (place < places) front.splice(place, 0, { slot, ticket });
			if (front.length > places) front.pop();
			return false;
		});
		return front;
	}

	/** How many are in line before `slot`, all of them when it has no place; for one who shares, those who do not. */
	#ahead(slot: number): number {
		let ahead = 0;
		this.#slots.some((at) => {
			if (!this.#isInLine(at) || (slot !== NONE && !this.#slots.isBefore(at, this.#slots.ticket(slot))))
				return false;
			if (this.#mode !== SHARED || !this.#slots.isShared(at)) ahead++;
			return false;
		});
		return ahead;
	}

	#isInLine(slot: number): boolean {
		const state = this.#slots.state(slot);
		return state === WAITING || state === GRANTED || state === TAKEN;
	}

	/** Whether its waiter knows, or is about to learn, that it is its turn; or has left without having passed that on. */
	#isToldAt(slot: number): boolean {
		const state = this.#slots.state(slot);
		return state === GRANTED || state === TAKEN || state === LEFT;
	}

	/** For how many more milliseconds a turn is left to its waiter. */
	#patienceWith(slot: number, blocking: boolean): number {
		if (this.#slots.isBlocking(slot)) return Number.POSITIVE_INFINITY;
		// A waiter of this very thread comes when the thread is idle: for sure, or not while it blocks here.
		if (this.#slots.isOurs(slot)) return blocking ? 0 : Number.POSITIVE_INFINITY;
		return (LATE_MICROS - this.#slots.grantedFor(slot)) / 1e3;
	}

	/** Wakes one who will notice when an asynchronous waiter, whose thread may be busy for long, does not come. */
	#nudgeWatcher(told: number): void {
		const slots = this.#slots;
		if (slots.isBlocking(told)) return;
		let watcher = NONE;
		slots.some((at) => {
			if (slots.state(at) !== WAITING) return false;
			if (slots.isBlocking(at)) watcher = at;
			else if (watcher === NONE && !slots.sameThread(at, told)) watcher = at;
			return slots.isBlocking(at);
		});
		if (watcher !== NONE) Atomics.notify(this.#words, watcher + STATE);
	}
}
