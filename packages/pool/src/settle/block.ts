import { sendAll, TimeoutError } from '@conc/core';
import type { Scheduler } from '../schedule/scheduler.js';
import type { Pending } from './async-result.js';

/** For so long it looks again and again: to sleep and wake takes as long. */
const SPIN_MS = 0.1;

/** After that it waits an eighth longer than it must, or a millisecond. */
const SHARE = 1 / 8;
const SHORTEST_NAP_MS = 0.02;
const LONGEST_NAP_MS = 1;

/** How often it is asked whether workers have died. */
const MOURN_MS = 20;

/** Blocks until a task or a map of the scheduler is settled; throws TimeoutError when that took longer than `timeout` ms. */
export function block(scheduler: Scheduler, pending: Pending, timeout: number): void {
	const sleeper = new Int32Array(new SharedArrayBuffer(4));
	const began = performance.now();
	let mourned = began;
	for (;;) {
		const moved = scheduler.attend();
		if (pending.outcome !== null || pending.isOpening) return;
		const now = performance.now();
		const left = began + timeout - now;
		if (left <= 0) throw new TimeoutError(`the result was not there within ${timeout} ms`);
		if (now - mourned > MOURN_MS) {
			scheduler.mourn();
			mourned = now;
		} else if (!moved && now - began > SPIN_MS) {
			const nap = Math.min(Math.max((now - began) * SHARE, SHORTEST_NAP_MS), LONGEST_NAP_MS);
			Atomics.wait(sleeper, 0, 0, Math.min(nap, left, sendAll()));
		}
	}
}

/** The value of what is settled, or throws its error, which is nobody's unhandled rejection then. */
export function taken({ promise, outcome }: Pending): unknown {
	promise.catch(() => {});
	if (outcome === null)
		throw new TypeError(
			'the result needs a module that was not imported in this thread\n  → use the asynchronous form, which imports it',
		);
	if (outcome.status === 'rejected') throw outcome.reason;
	return outcome.value;
}
