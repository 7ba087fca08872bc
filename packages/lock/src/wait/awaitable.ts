import type { Registry, ThreadId } from '@conc/core';
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
	/** It gets a slot as soon as there is one; else it goes on with what it has. */
	readonly joins: boolean;
	/** For how many milliseconds at most it may sleep before it looks again; a look shortens it. */
	nap: number;
}

/** Who has what is waited for, where one thread has it and nobody else will give it back. */
export interface Holder {
	readonly registry: Registry;
	/** For messages: `Lock "jobs"`. */
	readonly label: string;
	/** For messages where it is none of a lock: what it would never do, and how not to come here. */
	readonly wording?: { readonly never: string; readonly wayOut: string };
	/** 0 when no thread has it for itself. */
	owner(): ThreadId;
}

/** What can be waited for: what a primitive gives to the two ways to wait. */
export interface Awaitable {
	readonly waiters: Waiters;
	readonly holder?: Holder;
	/**
	 * Takes what is waited for, if it can be had now; else sees to it that whoever frees it wakes a waiter. Called
	 * before a wait sleeps and whenever it wakes. What it throws ends the wait.
	 */
	look(turn: Turn): boolean;
	/**
	 * Sees to it that the next in line is woken, now or by whoever frees what is waited for. Called when somebody has
	 * left the line; `wasTold` when that was told that it is its turn, and did not make use of it.
	 */
	passOn(wasTold: boolean): void;
}

/** What can be taken at once when nobody is in the way. */
export interface Takeable extends Awaitable {
	tryTake(): boolean;
}

export function newTurn(blocking: boolean): Turn {
	return { slot: NONE, granted: false, blocking, joins: true, nap: LOOK_AGAIN_MS };
}

/** The turn of a wait that has its slot, `NONE` if there was none, before it begins. */
export function joinedTurn(blocking: boolean, slot: number): Turn {
	return { slot, granted: false, blocking, joins: false, nap: LOOK_AGAIN_MS };
}

/** Passes on what waiters were told that have ended since. */
export function sweep(awaitable: Awaitable): void {
	awaitable.waiters.sweep(() => awaitable.passOn(true));
}

/** One look by somebody who does not wait: it does not go before those in line, this thread's own included. */
export function attempt(awaitable: Awaitable): boolean {
	sweep(awaitable);
	return awaitable.look(newTurn(false));
}

/** Ends a wait, whether it found what it waited for or gives up, and lets the line behind it go on. */
export function leave(awaitable: Awaitable, turn: Turn): void {
	if (turn.slot === NONE) return;
	awaitable.waiters.leave(turn.slot, (wasTold) => awaitable.passOn(wasTold));
	turn.slot = NONE;
}
