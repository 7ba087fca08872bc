import { type CurrentCall, currentCall } from '@conc/core';

/**
 * What a task can know of itself and report, while it runs; null where no task of a pool runs.
 *
 *     const work = async (url: string) => {
 *       const task = currentTask();
 *       const response = await fetch(url, { signal: task?.signal });
 *       task?.progress('fetched');
 *       return response.text();
 *     };
 *
 * A task that looks at `signal` is not stopped at once when it is cancelled, aborted or late: it has the pool's
 * `gracePeriod` to end by itself, and its worker is kept. `progress(value)` calls the `onProgress` of the call.
 */
export function currentTask(): CurrentTask | null {
	return currentCall();
}

/** See `currentTask`. A loop that never waits can ask a fresh `currentTask()?.signal.aborted` each time round. */
export type CurrentTask = CurrentCall;
