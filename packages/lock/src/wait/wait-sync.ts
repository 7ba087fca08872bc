import { sendAll } from '@conc/core';
import { type Awaitable, attempt, LOOK_AGAIN_MS, leave, newTurn, sweep, type Turn } from './awaitable.js';
import { Circle, LONG_MS } from './circle.js';
import { NONE } from './slots.js';

/** How soon a wait without a slot looks again: nobody can wake it. */
const WITHOUT_SLOT_MS = 2;

/** Blocks this thread until what it waits for can be had; false when that took longer than `timeout` milliseconds. */
export function waitSync(awaitable: Awaitable, timeout: number): boolean {
	if (timeout === 0) return attempt(awaitable);
	const turn = newTurn(true);
	try {
		return waitTurnSync(awaitable, timeout, turn);
	} finally {
		leave(awaitable, turn);
	}
}

/** The same for a turn that the caller has begun, and ends. */
export function waitTurnSync(awaitable: Awaitable, timeout: number, turn: Turn): boolean {
	const { waiters } = awaitable;
	const started = performance.now();
	const deadline = started + timeout;
	const { holder } = awaitable;
	let circle: Circle | undefined;
	try {
		for (;;) {
			if (turn.joins && turn.slot === NONE) turn.slot = waiters.join(true);
			turn.nap = turn.slot === NONE ? WITHOUT_SLOT_MS : LOOK_AGAIN_MS;
			if (awaitable.look(turn)) return true;
			if (turn.granted) {
				turn.granted = false;
				waiters.again(turn.slot);
				continue; // what was freed between the look and `again` woke somebody else, or nobody
			}
			const left = deadline - performance.now();
			if (left <= 0) return false;
			let stoodAside = false;
			// What is waited for may be up to a call made in this very turn.
			const soon = sendAll(() => {
				if (!turn.joins) return; // its place is what is waited for: a notice is kept there
				leave(awaitable, turn);
				circle?.end();
				circle = undefined;
				stoodAside = true;
			});
			if (stoodAside) continue;
			const nap = Math.min(left, turn.nap, soon);
			const woken = waiters.sleep(turn.slot, nap);
			if (!woken) sweep(awaitable);
			turn.granted = waiters.accept(turn.slot);
			if (timeout < Number.POSITIVE_INFINITY || holder === undefined || performance.now() - started < LONG_MS)
				continue;
			circle ??= new Circle(holder);
			circle.look();
		}
	} finally {
		circle?.end();
	}
}
