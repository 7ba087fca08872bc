import { inspect } from 'node:util';
import { Registry } from '@conc/core';
import { BrokenBarrierError } from '../errors.js';
import { callerAt, ownWords, type Place, PRIMITIVE_BYTES, waitersAt } from '../layout.js';
import type { Waiters } from '../wait/waiters.js';
import { NOTE_BYTES, Note } from './note.js';
import { isLater, NOWHERE, OVER, Places, placesBytes } from './places.js';

const WORD = 0; // the round, and its state
const RESETS = 1; // changes with every reset

const STATE = 7;
const FILLING = 0; // not all parties have arrived
const FULL = 1; // all have, and the last one runs the action
const PASSED = 1; // in ENDS only
/** It was aborted, or a wait was. */
export const ABORTED = 2;
export const LATE = 3; // a party did not come in time
const LOST = 4; // a party ended
const FAILED = 5; // the action threw
const RESETTING = 6; // broken by a reset, which whoever sees it completes
const ONE_ROUND = 8;

const ENDS = 64; // words: how the last so many rounds ended

/** For how many milliseconds those who arrived are taken to live on. */
const CHECKED_MS = 25;

/** A party at the barrier. */
export interface Arrival {
	readonly round: number;
	/** 0 to parties - 1 in the order of arrival, or `NOWHERE`. */
	readonly place: number;
	/** What RESETS was before. */
	readonly resets: number;
}

/** Bytes the rounds take after the table of waiters. */
export function roundsBytes(parties: number): number {
	return 4 * ENDS + NOTE_BYTES + placesBytes(parties);
}

/** What a barrier is made of: rounds, each with a place for every party. README.md names the transitions. */
export class Rounds {
	readonly waiters: Waiters;
	readonly #label: string;
	readonly #words: Int32Array;
	readonly #ends: Int32Array;
	readonly #note: Note;
	readonly #places: Places;
	#nextCheck = 0;

	/** @param self who arrives through this object */
	constructor(place: Place, label: string, parties: number, self = callerAt(place)) {
		const { memory, offset } = place;
		const endsAt = offset + PRIMITIVE_BYTES;
		const noteAt = endsAt + 4 * ENDS;
		this.#label = label;
		this.#words = ownWords(place);
		this.#ends = new Int32Array(memory, endsAt, ENDS);
		this.#note = new Note(memory, noteAt);
		this.#places = new Places(memory, noteAt + NOTE_BYTES, parties, Registry.of(place.registry), self);
		this.waiters = waitersAt(place, self);
	}

	/** Called once, before it is shared: round 0 would be that of the places nobody ever took. */
	start(): void {
		Atomics.store(this.#words, WORD, ONE_ROUND);
	}

	get parties(): number {
		return this.#places.parties;
	}

	get isBroken(): boolean {
		const word = Atomics.load(this.#words, WORD);
		return isBroken(word) && stateOf(word) !== RESETTING;
	}

	/** How many have arrived and are not let go. */
	get arrived(): number {
		const word = Atomics.load(this.#words, WORD);
		return isBroken(word) ? 0 : this.#places.count(roundOf(word));
	}

	/** The lowest free place of the current round, `NOWHERE` until the next one. Throws when the barrier is broken. */
	arrive(): Arrival {
		for (;;) {
			const resets = Atomics.load(this.#words, RESETS);
			const word = Atomics.load(this.#words, WORD);
			const round = roundOf(word);
			if (stateOf(word) === RESETTING) this.#startOver(word);
			else if (isBroken(word)) throw this.#broken(word);
			else {
				const place = this.#places.claim(round);
				// Somebody has to see that the last one has died: if nobody else is left, who wants to arrive next.
				if (place !== OVER && !(place === NOWHERE && this.#foundLost(round))) return { round, place, resets };
			}
		}
	}

	/** Whether the round was passed; false while it goes on. Throws when it was broken. */
	isPassed(arrival: Arrival): boolean {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			if (roundOf(word) !== arrival.round) return this.#wasPassed(arrival);
			if (isBroken(word)) throw this.#broken(word);
			if (!this.#foundLost(arrival.round)) return false;
		}
	}

	/** FILLING → FULL, by the last to arrive. Throws when the round was broken. */
	fill({ round }: Arrival): void {
		if (this.#places.lost(round) !== undefined) this.break(round, LOST);
		if (!this.#move(round | FILLING, round | FULL)) throw this.#brokenBefore(round);
	}

	/** FULL → the next round, and all are let go. Throws when the round was broken. */
	pass({ round }: Arrival): void {
		this.#end(round | PASSED);
		if (!this.#move(round | FULL, next(round))) throw this.#brokenBefore(round);
		this.waiters.wakeAll();
	}

	/** FULL → FAILED. */
	fail({ round }: Arrival, error: unknown): void {
		try {
			this.#note.write(round, error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));
		} finally {
			this.break(round, FAILED);
		}
	}

	/** Breaks the round for a party that does not come, or not in time; not when all are there and the action takes its time. */
	breakEarly(round: number, why: number): void {
		if (this.#move(round | FILLING, round | why)) this.waiters.wakeAll();
	}

	/** Breaks the round if it has not ended. */
	break(round: number, why: number): void {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			if (roundOf(word) !== round || isBroken(word)) return;
			if (this.#move(word, round | why)) break;
		}
		this.waiters.wakeAll();
	}

	/** Breaks the current round, whichever that is. */
	abort(): void {
		for (;;) {
			const word = Atomics.load(this.#words, WORD);
			if (stateOf(word) === RESETTING) this.#startOver(word);
			else if (isBroken(word) || this.#move(word, roundOf(word) | ABORTED)) break;
		}
		this.waiters.wakeAll();
	}

	/** Breaks the current round for those who have arrived, and begins the next. */
	reset(): void {
		for (;;) {
			let word = Atomics.load(this.#words, WORD);
			if (!isBroken(word)) {
				if (this.#places.count(roundOf(word)) === 0) return;
				const resetting = roundOf(word) | RESETTING;
				if (!this.#move(word, resetting)) continue;
				word = resetting;
			}
			this.#startOver(word);
			this.waiters.wakeAll();
			return;
		}
	}

	/** The current round, for one who leaves before having arrived. */
	get round(): number {
		return roundOf(Atomics.load(this.#words, WORD));
	}

	/** Whether this thread was the last to arrive, and so is to run the action. */
	get isActing(): boolean {
		const word = Atomics.load(this.#words, WORD);
		return !isBroken(word) && this.#places.isLast(roundOf(word));
	}

	/** Breaks the round if one of those who arrived has ended since. */
	#foundLost(round: number): boolean {
		const began = performance.now();
		if (began < this.#nextCheck) return false;
		const lost = this.#places.lost(round);
		const now = performance.now();
		// A million parties take long to look through: a tenth of the time at most goes into that.
		this.#nextCheck = now + Math.max(CHECKED_MS, 9 * (now - began));
		if (lost === undefined) return false;
		this.break(round, LOST);
		return true;
	}

	#wasPassed({ round, resets }: Arrival): boolean {
		const end = Atomics.load(this.#ends, endOf(round));
		if (roundOf(end) !== round) {
			// So long ago that another's end is in its place.
			if (Atomics.load(this.#words, RESETS) === resets) return true;
			throw this.#broken(round | RESETTING);
		}
		if (isBroken(end)) throw this.#broken(end);
		return true;
	}

	/** Why a round did not go on. */
	#brokenBefore(round: number): BrokenBarrierError {
		const word = Atomics.load(this.#words, WORD);
		if (roundOf(word) === round) return this.#broken(word);
		const end = Atomics.load(this.#ends, endOf(round));
		return this.#broken(roundOf(end) === round ? end : round | RESETTING);
	}

	/** From a broken round to the next. */
	#startOver(word: number): void {
		this.#end(word);
		Atomics.add(this.#words, RESETS, 1);
		this.#move(word, next(roundOf(word)));
	}

	/** Writes down how a round ended, before the next one begins. Broken outweighs passed: the word decides. */
	#end(how: number): void {
		const at = endOf(roundOf(how));
		let end = Atomics.load(this.#ends, at);
		while (isLater(how, end)) {
			const was = Atomics.compareExchange(this.#ends, at, end, how);
			if (was === end) return;
			end = was;
		}
	}

	#broken(word: number): BrokenBarrierError {
		if (stateOf(word) === RESETTING) return new BrokenBarrierError(`${this.#label} was reset meanwhile`);
		return new BrokenBarrierError(
			`${this.#label} is broken: ${this.#why(word)}\n  → put right what it is for, then call reset()`,
		);
	}

	#why(word: number): string {
		const round = roundOf(word);
		switch (stateOf(word)) {
			case LATE:
				return `not all ${this.parties} parties came within the time limit of one of them`;
			case LOST:
				return `${this.#places.nameOfLost(round)} ended while it waited`;
			case FAILED:
				return `its action failed: ${this.#note.read(round) ?? 'the error was not written down'}`;
			default:
				return 'abort() was called, or a signal aborted a wait';
		}
	}

	#move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.#words, WORD, from, to) === from;
	}
}

function roundOf(word: number): number {
	return word & ~STATE;
}

function stateOf(word: number): number {
	return word & STATE;
}

function isBroken(word: number): boolean {
	return stateOf(word) > FULL;
}

function next(round: number): number {
	return (round + ONE_ROUND) | 0;
}

function endOf(round: number): number {
	return (round / ONE_ROUND) & (ENDS - 1);
}
