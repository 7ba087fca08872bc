import { beforeBlocking } from '@conc/core';
import type { Worker } from '../run/worker.js';
import type { Task } from '../submit/task.js';
import type { TaskQueue } from './queue.js';
import type { Staff } from './staff.js';

/** How often it is looked whether short tasks wait behind one that takes long after all. */
const LOOK_MS = 2;

/** Sees to it that what workers have been given ahead of time does not wait there for long. */
export class Ahead {
	readonly #staff: Staff;
	readonly #queue: TaskQueue;
	#timer: NodeJS.Timeout | undefined;
	#dontSpread: () => void = () => {};

	constructor(staff: Staff, queue: TaskQueue) {
		this.#staff = staff;
		this.#queue = queue;
	}

	/** A worker is about to get a task ahead of time: looks until none has any. */
	watch(): void {
		if (this.#timer !== undefined) return;
		this.#timer = setInterval(() => this.relieve(), LOOK_MS).unref();
		this.#dontSpread = beforeBlocking(() => this.#spread());
	}

	/** Takes back what waits behind tasks that take long. */
	relieve(): void {
		let isAhead = false;
		for (const worker of this.#staff.given) {
			worker.relieve();
			isAhead ||= worker.line.length > 1;
		}
		if (isAhead) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#dontSpread();
	}

	/**
	 * This thread is about to block, perhaps for what a task does that waits behind another: whoever has nothing to do gets
	 * what was given ahead of time, since nobody will see to that meanwhile.
	 */
	#spread(): void {
		if (this.#staff.idle === 0) return;
		const free = this.#staff.takeIdle().filter(({ isThere }) => isThere);
		for (const worker of this.#staff.given) worker.returnAhead();
		for (let at = 0; this.#queue.length > 0 && free.length > 0; at++) {
			const worker = free[at % free.length] as Worker;
			worker.rouse();
			this.#staff.give(worker, this.#queue.shift() as Task);
		}
		for (const worker of free) if (worker.line.length === 0) this.#staff.wait(worker);
	}
}
