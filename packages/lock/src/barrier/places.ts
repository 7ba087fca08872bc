import type { Registry, ThreadId } from '@conc/core';
import { livesOn } from '../wait/alive.js';

/** No place: all of the round are taken. */
export const NOWHERE = -1;
/** No place: the round ended meanwhile. */
export const OVER = -2;

const PLACE_BYTES = 8; // a round, and the thread that took the place in it

/** Bytes the places take: one for each party, and one word before them. */
export function placesBytes(parties: number): number {
	return PLACE_BYTES * (1 + parties);
}

/**
 * Who has arrived in which round. A place belongs to a round by the number in it, so nothing is cleared between rounds,
 * and a thread that was held up cannot clear what others have taken since.
 */
export class Places {
	readonly #registry: Registry;
	readonly #self: ThreadId;
	/** A round, and how many of its places are taken at least. */
	readonly #filled: BigInt64Array;
	readonly #places: BigInt64Array;

	/** @param self who takes places through this object */
	constructor(
		memory: SharedArrayBuffer,
		offset: number,
		parties: number,
		registry: Registry,
		self: ThreadId,
	) {
		this.#registry = registry;
		this.#self = self;
		this.#filled = new BigInt64Array(memory, offset, 1);
		this.#places = new BigInt64Array(memory, offset + PLACE_BYTES, parties);
	}

	get parties(): number {
		return this.#places.length;
	}

	/** Takes the lowest free place of a round; `NOWHERE` or `OVER` when there is none. */
	claim(round: number): number {
		const mine = pair(round, this.#self);
		for (let place = this.#firstMaybeFree(round); place < this.parties; place++) {
			let entry = Atomics.load(this.#places, place);
			while (roundIn(entry) !== round) {
				if (isLater(roundIn(entry), round)) return OVER;
				const was = Atomics.compareExchange(this.#places, place, entry, mine);
				if (was === entry) {
					Atomics.store(this.#filled, 0, pair(round, place + 1));
					return place;
				}
				entry = was;
			}
		}
		return NOWHERE;
	}

	/** How many places of a round are taken. */
	count(round: number): number {
		let count = this.#firstMaybeFree(round);
		while (count < this.parties && roundIn(Atomics.load(this.#places, count)) === round) count++;
		return count;
	}

	/** Whether this thread has the last place of a round. */
	isLast(round: number): boolean {
		return Atomics.load(this.#places, this.parties - 1) === pair(round, this.#self);
	}

	/** A thread that has a place of this round and ended since. */
	lost(round: number, lives = this.#livesOn): ThreadId | undefined {
		let before = pair(round, this.#self);
		for (let place = 0; place < this.parties; place++) {
			const entry = Atomics.load(this.#places, place);
			if (entry === before) continue;
			if (roundIn(entry) !== round) return undefined;
			if (!lives(lowIn(entry))) return lowIn(entry);
			before = entry;
		}
		return undefined;
	}

	/** How messages call a party that has ended by this very moment: somebody else may have noticed just now. */
	nameOfLost(round: number): string {
		const lost = this.lost(round, (id) => this.#registry.isAlive(id));
		return lost === undefined ? 'the thread of a party' : this.#registry.nameOf(lost);
	}

	readonly #livesOn = (id: ThreadId) => livesOn(this.#registry, id);

	/** A late writer makes this too low, never too high. */
	#firstMaybeFree(round: number): number {
		const filled = Atomics.load(this.#filled, 0);
		return roundIn(filled) === round ? lowIn(filled) : 0;
	}
}

/** By the difference, because rounds wrap. */
export function isLater(word: number, than: number): boolean {
	return ((word - than) | 0) > 0;
}

function pair(round: number, low: number): bigint {
	return (BigInt(round) << 32n) | BigInt(low);
}

function roundIn(entry: bigint): number {
	return Number(entry >> 32n);
}

function lowIn(entry: bigint): number {
	return Number(entry & 0xffff_ffffn);
}
