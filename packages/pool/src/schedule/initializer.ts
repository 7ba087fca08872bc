import { type Medium, makeCall } from '@conc/core';
import type { PoolSettings } from '../options.js';
import type { Worker } from '../run/worker.js';
import { type Outcome, Task } from '../submit/task.js';

/** What each worker of a pool runs before its first task. */
export class Initializer {
	readonly #medium: Medium;
	readonly #settings: PoolSettings;
	/** The workers that have not ended it yet. */
	readonly #running = new Map<Worker, Task>();

	constructor(medium: Medium, settings: PoolSettings) {
		this.#medium = medium;
		this.#settings = settings;
	}

	/** For a worker that is about to be started; null when the pool has no initializer. Throws when it cannot cross. */
	make(): Task | null {
		const { initializer, initargs = [] } = this.#settings;
		if (initializer === undefined) return null;
		// Not for the task that happens to be the first: what it sets would be gone with that.
		return new Task(makeCall(initializer, initargs, this.#medium, { travelsAlone: true }));
	}

	/** A worker is about to be given what `make` made. */
	begin(worker: Worker, task: Task): void {
		task.promise.catch(() => {});
		this.#running.set(worker, task);
	}

	/** Whether it is what a worker runs, or has just ended. */
	isRunning(worker: Worker): boolean {
		return this.#running.size > 0 && this.#running.has(worker);
	}

	/** It has ended in a worker: how it turned out. */
	end(worker: Worker): Outcome | null {
		const task = this.#running.get(worker);
		this.#running.delete(worker);
		return task?.outcome ?? null;
	}

	forget(worker: Worker): void {
		this.#running.delete(worker);
	}
}
