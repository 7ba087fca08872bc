import type { Task } from '../submit/task.js';

/** So many microseconds of work may wait in a worker; more would hold up what is more urgent, or could go to others. */
export const AHEAD_US = 1_000;

/** What it takes to wake a worker. */
const WAKE_US = 10;

/** The least a task takes: to be sent and answered. */
const LEAST_US = 1;

/** How many microseconds of work a task is counted as. One of which nothing is known takes long. */
export function costOf({ call: { pace } }: Task): number {
	return pace === null ? AHEAD_US : Math.min(Math.max(pace.microseconds, LEAST_US), AHEAD_US);
}

/** Whether it takes less than to wake a worker for it. */
export function isTrifle({ call: { pace } }: Task): boolean {
	return pace !== null && pace.microseconds < WAKE_US;
}
