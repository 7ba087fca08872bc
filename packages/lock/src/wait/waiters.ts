import type { Registry } from '@conc/core';
import type { Turn } from './awaitable.js';
import { GRANTED, NONE, PAUSE, REVOKED, Slots, STATE, TAKEN, WAITING } from './slots.js';

/** A newcomer may go first for as long as the first in line has not waited longer than this. */
const BARGE_MICROS = 1_000;
/** An asynchronous waiter that does not take its turn within this time loses it to the next. */
const LATE_MICROS = 5_000;

/** A wait of this thread that found the table full and is let in later. */
export interface Outsider {
	letIn(): void;
}

/** Those who wait for one primitive, first come first served: each wait has a slot and sleeps on that slot's word. */
export class Waiters {
	/** This thread's waits without a slot, oldest first. */
	readonly outside = new Set<Outsider>();
	readonly #slots: Slots;
	readonly #words: Int32Array;

	constructor(memory: SharedArrayBuffer, offset: number, registry: Registry) {
		this.#slots = new Slots(memory, offset, registry);
		this.#words = this.#slots.words;
	}

	/** A slot for a wait of this thread; `NONE` when the table is full. */
	join(blocking: boolean): number {
		return this.#slots.claim(blocking);
	}

	/** Gives the slot back; true when its turn had come in the meantime. */
	leave(slot: number): boolean {
		return slot !== NONE && this.#slots.free(slot);
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

	/** Whether somebody other than `slot` waits to be woken. */
	others(slot: number): boolean {
		return this.#slots.some((at) => at !== slot && this.#slots.state(at) === WAITING) !== NONE;
	}

	/** Whether the first in line has waited so long that nobody may go before it any more. */
	isImpatient(): boolean {
		const first = this.#slots.oldest((at) => {
			const state = this.#slots.state(at);
			return state === WAITING || state === GRANTED;
		});
		return first !== NONE && this.#slots.waited(first) > BARGE_MICROS;
	}

	/**
	 * Whether `turn` may take one of so many free places: when it was told so, or when nobody is on the way and nobody
	 * has waited longer. Otherwise those who may were told.
	 */
	mayGo(turn: Turn, places: number): boolean {
		if (turn.granted) return true;
		if (this.onTheirWay(turn) >= places) return false;
		const first = this.#firstWaiting();
		if (first === NONE || first === turn.slot) return true;
		this.wake(places);
		return false;
	}

	/** Sees to it that as many waiters as `places` were told that it is their turn; false when nobody waits. */
	wake(places: number): boolean {
		const slots = this.#slots;
		let told = 0;
		slots.some((at) => {
			if (!this.#isToldAt(at) || slots.freeIfDead(at)) return false;
			if (told++ === 0) this.#nudgeWatcher(at);
			return told === places;
		});
		while (told < places) {
			const next = this.#firstWaiting();
			if (next === NONE) break;
			if (slots.freeIfDead(next) || !slots.grant(next)) continue;
			this.#nudgeWatcher(next);
			told++;
		}
		return told > 0;
	}

	/** Tells everybody who waits. */
	wakeAll(): void {
		this.#slots.some((at) => {
			if (this.#slots.state(at) === WAITING) this.#slots.grant(at);
			return false;
		});
	}

	/**
	 * How many others were told that it is their turn and have not had it yet. Revokes the turns of those who are late,
	 * and shortens the nap of `turn` so that it looks again when the next one would be.
	 */
	onTheirWay(turn: Turn): number {
		let count = 0;
		this.#slots.some((at) => {
			if (at === turn.slot || !this.#isToldAt(at)) return false;
			const patience = this.#patienceWith(at, turn.blocking);
			if (patience <= 0 && Atomics.compareExchange(this.#words, at + STATE, GRANTED, REVOKED) === GRANTED) {
				return false;
			}
			turn.nap = Math.min(turn.nap, Math.max(patience, 1));
			count++;
			return false;
		});
		return count;
	}

	/** Frees the slots whose thread ended with its turn not taken; true when there were any. */
	sweep(): boolean {
		let lost = false;
		this.#slots.some((at) => {
			if (this.#isToldAt(at) && this.#slots.freeIfDead(at)) lost = true;
			return false;
		});
		return lost;
	}

	#firstWaiting(): number {
		return this.#slots.oldest((at) => this.#slots.state(at) === WAITING);
	}

	/** Whether its waiter knows, or is about to learn, that it is its turn. */
	#isToldAt(slot: number): boolean {
		const state = this.#slots.state(slot);
		return state === GRANTED || state === TAKEN;
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
		const waits = (at: number) => at !== told && slots.state(at) === WAITING;
		let watcher = slots.oldest((at) => waits(at) && slots.isBlocking(at));
		if (watcher === NONE) watcher = slots.oldest((at) => waits(at) && !slots.sameThread(at, told));
		if (watcher !== NONE) Atomics.notify(this.#words, watcher + STATE);
	}
}
