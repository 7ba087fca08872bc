import { setTimeout } from 'node:timers/promises';
import { isFar, type Medium, type Shareable, share } from '@conc/core';
import type { Barrier } from '@conc/lock';
import { type Started, startIn } from './workers.js';

/** How a wait ended that did not return its number. */
export const broken = { name: 'BrokenBarrierError', code: 'CONC_BROKEN_BARRIER' };

/** What the action does in the thread of a party; `seen` is what it does it with. */
export type Action = 'count' | 'throw' | 'exit' | 'sleep';

/** A thread or process that comes to a barrier as often as it is told to. */
export class Party {
	readonly #started: Started;

	constructor(medium: Medium, barrier: Barrier, sync: boolean, action?: Action, seen?: Shareable) {
		// The raw parties of these tests cannot be sent a function: they have their own.
		const none = { action: undefined };
		const handle = barrier[share](medium);
		const bare = isFar(handle)
			? { ...handle, detail: { ...(handle.detail as object), ...none } }
			: { ...handle, ...none };
		this.#started = startIn(medium)('barrier-party', { handle: bare, sync, action, seen });
	}

	wait(options?: { timeout: number }): Promise<unknown> {
		this.#started.tell({ options });
		return this.#started.next();
	}

	end(): Promise<void> {
		return this.#started.end();
	}
}

export type MakeParty = (barrier: Barrier, sync: boolean, action?: Action, seen?: Shareable) => Party;

export function partiesIn(medium: Medium): MakeParty {
	return (barrier, sync, action, seen) => new Party(medium, barrier, sync, action, seen);
}

/** How a wait of this thread went, in the words of a `Party`. */
export function here(wait: Promise<number>): Promise<unknown> {
	return wait.catch(({ name, code, message }) => ({ name, code, message }));
}

export async function untilWaiting(barrier: Barrier, count: number): Promise<void> {
	while (barrier.waiting !== count) await setTimeout(1);
}
