import { makeCall, type Prepared } from '@conc/core';
import { BrokenPoolError, PoolClosedError, PoolTerminatedError } from '../errors.js';
import { type PoolOptions, positiveInteger } from '../options.js';
import { type Medium, Worker } from '../run/worker.js';
import { Task } from '../submit/task.js';
import { Fifo } from './queue.js';

/** So many workers in a row that die without a task done, within so long, are not replaced any more. */
const DEATHS = 5;
const DEATHS_MS = 10_000;

/**
 * Who runs what: tasks wait in one queue, a worker that is free takes the next. Workers are started when there is work
 * for them, up to the size of the pool, and replaced when they die.
 */
export class Scheduler {
	readonly size: number;
	readonly medium: Medium;
	readonly #options: PoolOptions;
	readonly #maxTasks: number;
	readonly #queue = new Fifo<Task>();
	readonly #workers = new Set<Worker>();
	readonly #idle: Worker[] = [];
	#state: 'open' | 'closed' | 'terminated' = 'open';
	#broken: BrokenPoolError | null = null;
	/** When workers died since the last task that was done. */
	#deaths: number[] = [];
	#emptied: (() => void)[] = [];

	constructor(medium: Medium, size: number, options: PoolOptions) {
		this.medium = medium;
		this.size = size;
		this.#options = options;
		this.#maxTasks = positiveInteger(
			'maxTasksPerWorker',
			options.maxTasksPerWorker,
			Number.POSITIVE_INFINITY,
		);
	}

	get state(): 'open' | 'closed' | 'terminated' {
		return this.#state;
	}

	/** Throws what a call made now would be rejected with. */
	check(): void {
		if (this.#broken !== null) throw this.#broken;
		if (this.#state !== 'open')
			throw new PoolClosedError(`the pool was ${this.#state}: it takes no more tasks; make a new one`);
	}

	/** Takes a task over. It settles, whatever happens. */
	submit(task: Task, options: { signal?: AbortSignal } = {}): void {
		if (options.signal?.aborted) return task.reject(options.signal.reason, true);
		task.follow(options, (reason) => this.cancel(task, reason));
		this.#queue.push(task);
		this.#dispatch();
	}

	/** Rejects a task: a queued one never starts, of a running one the worker is replaced. False when it is settled. */
	cancel(task: Task, reason: unknown): boolean {
		if (task.state === 'settled') return false;
		if (this.#queue.remove(task)) {
			task.reject(reason, true);
			this.#retire();
		} else this.#workerOf(task)?.stop(reason, true);
		return true;
	}

	/** Rejects a task that is still queued; one that runs goes on. */
	withdraw(task: Task, reason: unknown): void {
		if (task.state === 'queued') this.cancel(task, reason);
	}

	/** What was prepared for a map is not needed any more. */
	release(prepared: Prepared): void {
		if (prepared.isTemporary) for (const worker of this.#workers) worker.release(prepared);
	}

	close(): void {
		if (this.#state === 'open') this.#state = 'closed';
		this.#retire();
	}

	async terminate(): Promise<void> {
		this.#state = 'terminated';
		const reason = () => new PoolTerminatedError('the pool was terminated before the task was done');
		this.#rejectQueued(reason, true);
		for (const worker of this.#workers) worker.stop(reason(), true);
		await this.gone();
	}

	/** Resolves when the last worker has ended. */
	gone(): Promise<void> {
		if (this.#workers.size === 0 && this.#queue.length === 0) return Promise.resolve();
		return new Promise((resolve) => this.#emptied.push(resolve));
	}

	#dispatch(): void {
		while (this.#queue.length > 0 && this.#broken === null) {
			const worker = this.#wake() ?? this.#hire();
			if (worker === undefined) return;
			const task = this.#queue.shift();
			if (task === undefined) return;
			void this.#give(worker, task);
		}
	}

	/** A worker that waits for work. One that died while it waited is not given any. */
	#wake(): Worker | undefined {
		for (let worker = this.#idle.pop(); worker !== undefined; worker = this.#idle.pop()) {
			if (worker.host.isAlive) return worker;
			worker.isLeaving = true;
		}
		return undefined;
	}

	async #give(worker: Worker, task: Task): Promise<void> {
		if (worker.tasks + 1 >= this.#maxTasks) worker.isLeaving = true;
		if (!(await worker.run(task))) this.#takeBack(task);
		if (worker.host.exit !== null) return; // its end is dealt with where it was hired
		this.#deaths = [];
		this.#free(worker);
	}

	/** The worker died before it began the task, so nothing of it has happened. */
	#takeBack(task: Task): void {
		if (this.#broken !== null) task.reject(this.#broken);
		else this.#queue.unshift(task);
	}

	/** A worker has nothing to do: it takes the next task, waits, or leaves. */
	#free(worker: Worker): void {
		if (worker.isLeaving) worker.host.end();
		else {
			const next = this.#broken === null ? this.#queue.shift() : undefined;
			if (next !== undefined) return void this.#give(worker, next);
			this.#idle.push(worker);
		}
		this.#dispatch();
		this.#retire();
	}

	/** A new worker, unless there are as many as there may be; undefined as well while its initializer runs. */
	#hire(): Worker | undefined {
		if ([...this.#workers].filter(({ isLeaving }) => !isLeaving).length >= this.size) return undefined;
		const worker = new Worker(this.medium, this.#options);
		this.#workers.add(worker);
		void worker.host.exited.then((exit) => this.#gone(worker, exit.error));
		const { initializer, initargs = [] } = this.#options;
		if (initializer === undefined) return worker;
		const task = new Task(makeCall(initializer as (...args: never[]) => unknown, initargs, this.medium));
		void worker.run(task).then((begun) => begun || task.reject(new Error('its worker died at once')));
		task.promise.then(
			() => worker.host.exit === null && this.#free(worker),
			(error) => this.#break('the initializer failed', error),
		);
		return undefined;
	}

	#gone(worker: Worker, error: unknown): void {
		this.#workers.delete(worker);
		const at = this.#idle.indexOf(worker);
		if (at !== -1) this.#idle.splice(at, 1);
		if (!worker.isLeaving && this.#state !== 'terminated') this.#noteDeath(error);
		this.#dispatch();
		this.#retire();
	}

	#noteDeath(error: unknown): void {
		const now = performance.now();
		this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_MS), now];
		if (this.#deaths.length >= DEATHS)
			this.#break(`${DEATHS} workers in a row died without a task done`, error);
	}

	#break(why: string, cause: unknown): void {
		if (this.#broken !== null) return;
		const broken = new BrokenPoolError(`the pool is broken: ${why}`, { cause });
		this.#broken = broken;
		this.#rejectQueued(() => broken, false);
		for (const worker of this.#workers) worker.stop(broken, false);
	}

	#rejectQueued(reason: () => Error, isCallers: boolean): void {
		for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift())
			task.reject(reason(), isCallers);
	}

	/** Once nothing more can come, lets the workers go that have nothing to do. */
	#retire(): void {
		if (this.#state === 'open' || this.#queue.length > 0) return;
		for (const worker of this.#idle.splice(0)) {
			worker.isLeaving = true;
			worker.host.ref(); // whoever joins waits for its end
			worker.host.end();
		}
		if (this.#workers.size > 0) return;
		for (const resolve of this.#emptied.splice(0)) resolve();
	}

	#workerOf(task: Task): Worker | undefined {
		return [...this.#workers].find(({ current }) => current === task);
	}
}
