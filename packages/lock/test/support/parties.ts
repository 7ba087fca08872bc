import { setTimeout } from 'node:timers/promises';
import { share } from '@conc/core';
import type { Barrier } from '@conc/lock';
import { type Started, start } from './workers.js';

/** How a wait ended that did not return its number. */
export const broken = { name: 'BrokenBarrierError', code: 'CONC_BROKEN_BARRIER' };

/** What the action does in the thread of a party; `seen` is the memory it does it with. */
export type Action = 'count' | 'throw' | 'exit' | 'sleep';

/** A thread that comes to a barrier as often as it is told to. */
export class Party {
	readonly #thread: Started;

	constructor(barrier: Barrier, sync: boolean, action?: Action, seen?: Int32Array) {
		// The raw workers of these tests cannot be sent a function: they have their own.
		const handle = { ...(barrier[share]('thread') as object), action: undefined };
		this.#thread = start('barrier-party', { handle, sync, action, seen });
	}

	wait(options?: { timeout: number }): Promise<unknown> {
		this.#thread.worker.postMessage(options);
		return this.#thread.next();
	}

	end(): Promise<void> {
		return this.#thread.end();
	}
}

/** How a wait of this thread went, in the words of a `Party`. */
export function here(wait: Promise<number>): Promise<unknown> {
	return wait.catch(({ name, code, message }) => ({ name, code, message }));
}

export async function untilWaiting(barrier: Barrier, count: number): Promise<void> {
	while (barrier.waiting !== count) await setTimeout(1);
}
