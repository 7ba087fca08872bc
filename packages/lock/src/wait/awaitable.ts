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
	/** Sees to it that the next in line is woken, now or by whoever frees what is waited for. */
	passOn(): void;
}

export function newTurn(blocking: boolean): Turn {
	return { slot: NONE, granted: false, blocking, nap: LOOK_AGAIN_MS };
}

/** One look by somebody who does not wait: it does not go before those in line, this thread's own included. */
export function attempt(awaitable: Awaitable): boolean {
	if (awaitable.waiters.sweep()) awaitable.passOn();
	return awaitable.look(newTurn(false));
}

/** Ends a wait, whether it found what it waited for or gives up, and lets the line behind it go on. */
export function leave(awaitable: Awaitable, turn: Turn): void {
	if (turn.slot === NONE) return;
	awaitable.waiters.leave(turn.slot);
	turn.slot = NONE;
	awaitable.passOn();
}
