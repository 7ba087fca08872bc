import { type Exit, follow, type Medium, type Prepared } from '@conc/core';
import { BrokenPoolError, PoolClosedError, PoolFullError, PoolTerminatedError } from '../errors.js';
import type { PoolSettings } from '../options.js';
import type { Employer, Worker } from '../run/worker.js';
import { signalOf, type Task, type TaskSettings } from '../submit/task.js';
import { Ahead } from './ahead.js';
import { Initializer } from './initializer.js';
import { TaskQueue } from './queue.js';
import { RestartLimit } from './restart-limit.js';
import { Staff } from './staff.js';

/** How long a cancelled task that looks at its signal has to end, unless the pool says otherwise. */
const GRACE_MS = 1_000;

/** What a pool does at the moment, and what it has done; a chunk of a map is one task. */
export interface PoolStats {
	/** Workers that live, or are being started. */
	readonly workers: number;
	/** Those of them that wait for a task. */
	readonly idle: number;
	/** Tasks that wait for a worker, or in one behind another. */
	readonly queued: number;
	/** Tasks that run: one in each worker that has any. */
	readonly running: number;
	/** Tasks that were done. */
	readonly fulfilled: number;
	/** Tasks that were rejected, for whatever reason. */
	readonly rejected: number;
	/** Workers that died, other than by the pool's own hand. */
	readonly crashes: number;
}

/**
 * Who runs what: tasks wait in one queue, a worker that is free takes the next. Workers are started when there is work
 * for them, up to the size of the pool, and replaced when they die.
 */
export class Scheduler implements Employer {
	readonly size: number;
	readonly medium: Medium;
	/** Milliseconds a cancelled task that looks at its signal has to end. */
	readonly gracePeriod: number;
	readonly #maxQueue: number;
	readonly #staff: Staff;
	readonly #restarts: RestartLimit;
	readonly #initializer: Initializer;
	readonly #counts = { fulfilled: 0, rejected: 0 };
	readonly #queue = new TaskQueue();
	readonly #ahead: Ahead;
	#state: 'open' | 'closed' | 'terminated' = 'open';
	#broken: BrokenPoolError | null = null;
	readonly #emptied: (() => void)[] = [];
	readonly #quieted: (() => void)[] = [];
	/** Of those who may wait for something other than a task. */
	readonly #stops = new Set<(reason: Error) => void>();

	constructor(medium: Medium, size: number, settings: PoolSettings) {
		this.medium = medium;
		this.size = size;
		this.gracePeriod = settings.gracePeriod ?? GRACE_MS;
		this.#maxQueue = settings.maxQueue ?? Number.POSITIVE_INFINITY;
		this.#staff = new Staff(medium, size, settings, this);
		this.#ahead = new Ahead(this.#staff, this.#queue);
		this.#restarts = new RestartLimit(settings);
		this.#initializer = new Initializer(medium, settings);
		const { signal } = settings;
		if (signal?.aborted) this.#state = 'terminated';
		else if (signal) void this.gone().then(follow(signal, () => void this.terminate()));
	}

	get state(): 'open' | 'closed' | 'terminated' {
		return this.#state;
	}

	/** Throws what a call made now would be rejected with. */
	check(): void {
		if (this.#state !== 'open')
			throw new PoolClosedError(`the pool was ${this.#state}: it takes no more tasks; make a new one`);
		if (this.#broken !== null) throw this.#broken;
	}

	/** Throws a PoolFullError when so many more tasks are too many. */
	checkRoom(tasks: number): void {
		if (this.#maxQueue === Number.POSITIVE_INFINITY) return;
		const { free } = this.#staff;
		const waiting = this.#waiting;
		if (waiting + tasks - free <= this.#maxQueue) return;
		throw new PoolFullError(`the pool is full: ${waiting} tasks wait, and maxQueue is ${this.#maxQueue}`);
	}

	get stats(): PoolStats {
		return {
			workers: this.#staff.workers.size,
			idle: this.#staff.idle,
			queued: this.#waiting,
			running: [...this.#staff.workers].filter(({ line }) => line.length > 0).length,
			...this.#counts,
			crashes: this.#staff.crashes,
		};
	}

	/** How many tasks have not begun, those that workers have ahead of time among them. */
	get #waiting(): number {
		let waiting = this.#queue.length;
		for (const { line } of this.#staff.workers) waiting += Math.max(0, line.length - 1);
		return waiting;
	}

	/** Takes a task over. It settles, whatever happens. */
	submit(task: Task, settings: Pick<TaskSettings, 'signal'>): void {
		const signal = signalOf(settings);
		task.counts = this.#counts;
		if (signal?.aborted) return task.reject(signal.reason, true);
		if (this.#refuses(task)) return;
		if (signal !== undefined) task.whenSettled(follow(signal, () => this.cancel(task, signal.reason)));
		// The way of most tasks when there are many.
		const worker = this.#queue.length === 0 ? this.#staff.awake(task) : undefined;
		if (worker !== undefined) return this.#give(worker, task);
		this.#queue.push(task);
		this.#dispatch();
	}

	/** A task is being made: its worker can start meanwhile. */
	expect(): void {
		if (this.#staff.workers.size > 0 || this.#state !== 'open' || this.#broken !== null) return;
		const worker = this.#start();
		if (worker !== undefined) this.#staff.wait(worker);
	}

	/**
	 * Rejects a task: one that waits never starts; one that runs may end by itself if it looks at its signal, else its
	 * worker is replaced. False when it is settled.
	 */
	cancel(task: Task, reason: unknown): boolean {
		if (task.isSettled) return false;
		if (task.isCondemned) return true;
		task.condemn(reason, true);
		if (this.#queue.remove(task)) {
			task.reject(reason);
			this.#retire();
		} else this.#workerOf(task)?.callOff(task);
		return true;
	}

	/** Rejects the tasks that have not begun, those that a worker has ahead of time among them; one that runs goes on. */
	withdraw(tasks: readonly Task[], reason: unknown): void {
		const relieved = new Set<Worker>();
		// First all are taken back: to reject one takes as long as to run a short one.
		const withdrawn = tasks.filter((task) => {
			const worker = this.#workerOf(task);
			if (worker === undefined) return this.#queue.remove(task);
			if (!worker.takeBack(task)) return false;
			relieved.add(worker);
			return true;
		});
		for (const task of withdrawn) task.reject(reason, true);
		// Only now, or they would be given those that are withdrawn next.
		for (const worker of relieved) this.ended(worker);
		this.#retire();
	}

	#workerOf(task: Task): Worker | undefined {
		return [...this.#staff.workers].find(({ line }) => line === task.lane);
	}

	/** Calls `stop` if the pool is terminated, unless what it returns was called before. */
	whenTerminated(stop: (reason: Error) => void): () => void {
		this.#stops.add(stop);
		return () => this.#stops.delete(stop);
	}

	/** What was prepared for a map is not needed any more. */
	release(prepared: Prepared): void {
		if (prepared.constant.isTemporary) for (const worker of this.#staff.workers) worker.release(prepared);
	}

	/** Rejects a task that may not start any more. */
	#refuses(task: Task): boolean {
		if (this.#state === 'terminated') task.reject(terminated(), true);
		else if (this.#broken !== null) task.reject(this.#broken);
		else return false;
		return true;
	}

	#dispatch(): void {
		const staff = this.#staff;
		for (let task = this.#queue.first; task !== undefined; task = this.#queue.first) {
			const worker = staff.awake(task) ?? staff.wake() ?? this.#hire() ?? staff.leastBusy(task);
			if (worker === undefined) return;
			if (this.#queue.remove(task)) this.#give(worker, task);
		}
	}

	#give(worker: Worker, task: Task): void {
		if (worker.line.length > 0) this.#ahead.watch();
		this.#staff.give(worker, task);
	}

	/** A worker has nothing to do: it takes the next task, waits, or leaves. */
	#free(worker: Worker): void {
		if (this.#staff.isSpent(worker) || this.#broken !== null) worker.leave();
		else {
			const next = this.#queue.shift();
			if (next !== undefined) {
				this.#give(worker, next);
				return this.#dispatch();
			}
			this.#staff.wait(worker);
		}
		this.#dispatch();
		this.#retire();
	}

	/** A new worker, where one is wanted; undefined as well while its initializer runs. */
	#hire(): Worker | undefined {
		return this.#staff.isShort(this.#queue.length) ? this.#start() : undefined;
	}

	/** A new worker; undefined while its initializer runs, and when it cannot be started. */
	#start(): Worker | undefined {
		const initialize = this.#initialize();
		if (initialize === undefined) return undefined;
		let worker: Worker;
		try {
			worker = this.#staff.hire();
		} catch (error) {
			// A worker that runs will take what is queued; with none, it cannot be done.
			if (this.#staff.staying.length === 0) this.#rejectQueued(error);
			return undefined;
		}
		void worker.gone.then(() => this.#gone(worker));
		if (initialize === null) return worker;
		this.#initializer.begin(worker, initialize);
		this.#staff.prepare(worker, initialize);
		return undefined;
	}

	/** What a new worker runs first; null when that is nothing, undefined when it cannot cross. */
	#initialize(): Task | null | undefined {
		try {
			return this.#initializer.make();
		} catch (error) {
			this.#break('its initializer cannot be sent to a worker', error);
			return undefined;
		}
	}

	/** A task of a worker was settled. */
	ended(worker: Worker): void {
		this.#staff.eased(worker);
		if (worker.isLeaving || worker.host.exit !== null) {
			this.#dispatch(); // `#gone` deals with the end of the worker, before this or after it
			this.#retire();
		} else if (this.#initializer.isRunning(worker)) this.#prepared(worker);
		else {
			this.#restarts.reset();
			if (worker.line.length === 0) this.#free(worker);
			else this.#dispatch();
		}
	}

	#prepared(worker: Worker): void {
		const outcome = this.#initializer.end(worker);
		if (outcome?.status === 'rejected') this.#break('its initializer failed', outcome.reason);
		else this.#free(worker);
	}

	/** A task comes back from a worker that has not begun it. */
	returned(worker: Worker, task: Task): void {
		this.#staff.eased(worker);
		if (this.#initializer.isRunning(worker)) this.#initializer.forget(worker);
		else if (task.isCondemned) task.reject(undefined);
		else if (!this.#refuses(task)) this.#queue.unshift(task);
		const isLeft = worker.line.length === 0 && !worker.isLeaving && worker.host.exit === null;
		if (isLeft && this.#staff.workers.has(worker)) this.#staff.wait(worker);
		// Those that come back with it come first.
		queueMicrotask(() => {
			this.#dispatch();
			this.#retire();
		});
	}

	paused(): void {
		queueMicrotask(() => this.#retire()); // what was taken back from behind it is not in the queue yet
	}

	/** A worker has ended, or is stuck and was given up. */
	#gone(worker: Worker): void {
		this.#forget(worker);
		const { exit } = worker.host; // null when it is stuck
		if (exit !== null && !worker.isLeaving) {
			// The system has no room for another: those that run go on, and it is tried again at the next call.
			if (exit.reason === 'failed-to-start' && this.#staff.workers.size > 0) return;
			this.#noteDeath(worker, exit);
		}
		this.#dispatch();
		this.#retire();
	}

	#forget(worker: Worker): void {
		this.#staff.forget(worker);
		this.#initializer.forget(worker);
	}

	#noteDeath(worker: Worker, exit: Exit): void {
		this.#staff.noteCrash();
		if (!this.#restarts.countDeath()) return;
		this.#break(
			`${this.#restarts.limit} workers in a row died without a task done`,
			worker.crash(exit, null),
		);
	}

	/** From now on every task is rejected, but those that run are let finish. */
	#break(why: string, cause: unknown): void {
		if (this.#broken !== null) return;
		this.#broken = new BrokenPoolError(`the pool is broken: ${why}`, { cause });
		this.#rejectQueued(this.#broken);
		this.#staff.takeIdle();
		for (const worker of this.#staff.workers) {
			const isBusy = worker.isLeaving || (worker.current !== null && worker.tasks > 0);
			if (!isBusy) worker.stop();
		}
	}

	#rejectQueued(error: unknown): void {
		for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) task.reject(error);
	}

	/** Does what the event loop would do, for a caller who blocks; false when there was nothing to do. */
	attend(): boolean {
		let moved = false;
		for (const worker of [...this.#staff.workers]) if (worker.attend()) moved = true;
		return moved;
	}

	/** The same for workers that have died. It asks the system, so not at every look. */
	mourn(): void {
		for (const worker of [...this.#staff.workers]) {
			const wasLeaving = worker.isLeaving;
			const exit = worker.lose();
			if (exit === null) continue;
			this.#forget(worker);
			if (!wasLeaving) this.#noteDeath(worker, exit);
			this.#dispatch();
		}
		this.#ahead.relieve();
		this.#dispatch(); // what was taken back, which else waits for a turn of the event loop
	}

	close(): void {
		if (this.#state === 'open') this.#state = 'closed';
		this.#retire();
	}

	async terminate(): Promise<void> {
		this.#state = 'terminated';
		for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) this.#refuses(task);
		for (const stop of this.#stops) stop(terminated());
		this.#staff.takeIdle();
		for (const worker of this.#staff.workers) {
			for (let task = worker.line.first; task !== null; task = task.after) task.condemn(terminated(), true);
			worker.stop();
		}
		await this.gone();
	}

	/** Resolves when nothing is left to do and the last worker has ended. */
	gone(): Promise<void> {
		return this.#retired(this.#emptied);
	}

	/** The same, but for streams that nobody reads at the moment, and their workers. */
	quiet(): Promise<void> {
		return this.#retired(this.#quieted);
	}

	#retired(waiting: (() => void)[]): Promise<void> {
		return new Promise((resolve) => {
			waiting.push(resolve);
			this.#retire();
		});
	}

	/** Once nothing more can come, lets the workers go that have nothing to do. */
	#retire(): void {
		if (this.#state === 'open' || this.#queue.length > 0) return;
		for (const worker of this.#staff.takeIdle()) worker.leave();
		if (!this.#staff.isPaused) return;
		for (const resolve of this.#quieted.splice(0)) resolve();
		if (!this.#staff.isGone) return;
		for (const resolve of this.#emptied.splice(0)) resolve();
	}
}

const terminated = () => new PoolTerminatedError('the pool was terminated before the task was done');
