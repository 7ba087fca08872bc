import { NONE } from './slots.js';
import type { Waiters } from './waiters.js';

/** How long a wait sleeps at most before it looks again: a thread that is killed wakes nobody. */
export const LOOK_AGAIN_MS = 50;

/** One wait, as it looks at what it waits for. */
export interface Turn {
	/** Its slot in the table, `NONE` when it has none. */
	slot: number;
	/** It was told that it is its turn. */
	granted: boolean;
	/** Its thread sleeps while it waits, and runs nothing else. */
	readonly blocking: boolean;
	/** For how many milliseconds at most it may sleep before it looks again; a look shortens it. */
	nap: number;
}

/** What can be waited for: what a primitive gives to the two ways to wait. */
export interface Awaitable {
	readonly waiters: Waiters;
	/**
	 * Takes what is waited for, if it can be had now; else sees to it that whoever frees it wakes a waiter. Called
	 * before a wait sleeps and whenever it wakes. What it throws ends the wait.
	 */
	look(turn: Turn): boolean;
	/** Wakes the next waiter in place of one that was woken and leaves without taking. */
	passOn(): void;
}

export function newTurn(blocking: boolean): Turn {
	return { slot: NONE, granted: false, blocking, nap: LOOK_AGAIN_MS };
}

/** One look by somebody who does not wait. */
export function attempt(awaitable: Awaitable): boolean {
	if (awaitable.waiters.sweep()) awaitable.passOn();
	return awaitable.look(newTurn(true));
}

/** Ends a wait that found what it waited for, or gives up. */
export function leave(awaitable: Awaitable, turn: Turn, took: boolean): void {
	const grantedLate = awaitable.waiters.leave(turn.slot);
	turn.slot = NONE;
	if (grantedLate || (turn.granted && !took)) awaitable.passOn();
}
