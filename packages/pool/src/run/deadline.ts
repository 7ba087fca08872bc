import { LONGEST_MS } from '../options.js';
import type { Task } from '../submit/task.js';

/** By when the first task of a worker has to end: its time-out, or what it is given once it is condemned. */
export class Deadline {
	/** Resolves when the worker has started. */
	readonly #ready: Promise<void>;
	readonly #expire: (task: Task) => void;
	readonly #stop: (task: Task) => void;
	/** Whose time-out it is. */
	#task: Task | null = null;
	/** When the task began, where that is known. */
	#begunAt: number | null = null;
	/** When the worker is stopped unless its task has ended by then. */
	#stopAt = Number.POSITIVE_INFINITY;
	#timer: NodeJS.Timeout | undefined;

	/**
	 * @param expire the time-out of the task has run out
	 * @param stop ends the worker for its task
	 */
	constructor(ready: Promise<void>, expire: (task: Task) => void, stop: (task: Task) => void) {
		this.#ready = ready;
		this.#expire = expire;
		this.#stop = stop;
	}

	/** Of a task that runs as soon as the worker does: from there its time-out counts. */
	start(task: Task): void {
		if (task.timeout > LONGEST_MS) return;
		this.#task = task;
		// The start of the worker is not the task's time; and what arrived while this thread was busy counts as in time.
		void this.#ready.then(() => {
			if (this.#task !== task || this.#timer !== undefined) return;
			this.#begunAt ??= performance.now();
			const end = () => {
				if (this.#task === task) this.#expire(task);
			};
			this.#timer = setTimeout(() => setImmediate(end), task.timeout).unref();
		});
	}

	/** Stops the worker in so many milliseconds, unless the task has ended by then. */
	stopAfter(ms: number, task: Task): void {
		clearTimeout(this.#timer);
		this.#stopAt = performance.now() + ms;
		if (ms <= LONGEST_MS) this.#timer = setTimeout(() => this.#stop(task), ms);
	}

	/** Does what the timers would do, for a caller who blocks. */
	look(task: Task, isLeaving: () => boolean): void {
		const now = performance.now();
		this.#begunAt ??= now;
		if (now - this.#begunAt > task.timeout && !task.isCondemned) this.#expire(task);
		if (now > this.#stopAt && !isLeaving()) this.#stop(task);
	}

	/** The task is not in the worker any more. */
	clear(): void {
		this.#task = null;
		this.#begunAt = null;
		this.#stopAt = Number.POSITIVE_INFINITY;
		if (this.#timer !== undefined) clearTimeout(this.#timer);
		this.#timer = undefined;
	}
}
