import type { Item } from './item.js';

/** Which item is taken next. */
export type Order = 'oldest' | 'newest' | 'lowest';

/** The words of a state that are the same whatever keeps the records. */
export const COUNT = 0; // items that wait
export const UNFINISHED = 1; // items put for which no `taskDone` came
export const SHUT = 2; // 0, or 1 when no item may come
/** The first of those that differ. */
export const OWN = 3;

/** How many words a state has. */
export const STATE_WORDS = 8;

/** The longest item. */
export const MOST_BYTES = 1 << 27;

/** The common parts of a record: two integers in front, and a number in place of bytes. */
export const PAIR_BYTES = 8;
export const NUMBER_BYTES = 8;

export const ALIGNMENT = 8;

export function aligned(length: number): number {
	return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/**
 * Where items wait. Each call changes the words from `state` on, which do not hold yet, and writes only where no state
 * that holds has anything.
 */
export interface Records {
	/** Sets the words of the first state. */
	start(state: number): void;
	/** Called before anything else, by whoever has come in. */
	enter(state: number): void;
	/** Writes an item; false when there is no memory for it. */
	add(state: number, item: Item): boolean;
	/** Writes an item that was taken, so that it is the next again; false when there is no memory for it. */
	putBack(state: number, item: Item): boolean;
	/** The next item, where there is one. What `accept` throws leaves it where it is. */
	take(state: number, accept: (item: Item) => true): Item;
	/** Drops all. */
	clear(state: number): void;
	/** Called when the state holds. */
	settle(state: number): void;
}
