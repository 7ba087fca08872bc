import type { Medium } from '@conc/core';
import type { PoolSettings } from '../options.js';
import { isTrifle } from '../run/cost.js';
import { type Employer, Worker } from '../run/worker.js';
import type { Task } from '../submit/task.js';

/** With so many microseconds to do a worker is worth more trifles; with more, another is woken. */
const AWAKE_US = 100;

/** The workers of a pool: who there is, who has tasks, who waits for one, and who may have one more. */
export class Staff {
	readonly #medium: Medium;
	readonly #size: number;
	readonly #settings: PoolSettings;
	readonly #employer: Employer;
	readonly #maxTasks: number;
	readonly #minWorkers: number;
	readonly #idleTimeout: number;
	readonly #workers = new Set<Worker>();
	readonly #given = new Set<Worker>();
	readonly #idle: Worker[] = [];
	/** None has room for one more task. */
	#isFull = false;
	#crashes = 0;

	constructor(medium: Medium, size: number, settings: PoolSettings, employer: Employer) {
		this.#medium = medium;
		this.#size = size;
		this.#settings = settings;
		this.#employer = employer;
		this.#maxTasks = settings.maxTasksPerWorker ?? Number.POSITIVE_INFINITY;
		this.#minWorkers = settings.minWorkers ?? 0;
		this.#idleTimeout = settings.idleTimeout ?? Number.POSITIVE_INFINITY;
	}

	/** Those that live, or are being started. */
	get workers(): ReadonlySet<Worker> {
		return this.#workers;
	}

	/** Those that have tasks. */
	get given(): ReadonlySet<Worker> {
		return this.#given;
	}

	/** Those that are not about to end. */
	get staying(): Worker[] {
		return [...this.#workers].filter(({ isLeaving }) => !isLeaving);
	}

	/** How many wait for a task. */
	get idle(): number {
		return this.#idle.length;
	}

	/** How many tasks could begin now, those included for which a worker would have to be started. */
	get free(): number {
		return this.#idle.length + this.#size - this.staying.length;
	}

	/** Whether each has a stream of which nobody wants more at the moment, and nothing else. */
	get isPaused(): boolean {
		for (const worker of this.#workers) if (!worker.isPaused) return false;
		for (const worker of this.#given) if (!worker.isPaused) return false;
		return true;
	}

	/** Whether the last has ended, and all its tasks have. */
	get isGone(): boolean {
		return this.#workers.size === 0 && this.#given.size === 0;
	}

	/** Whether another is wanted when so many tasks are queued, and there may be one more. */
	isShort(queued: number): boolean {
		if (this.#workers.size === this.#size && !this.#isAnyLeaving) return false;
		const { staying } = this;
		if (staying.length >= this.#size) return false;
		// Those that still run their initializer will take what is queued.
		return staying.filter(({ tasks }) => tasks === 0).length < queued;
	}

	get #isAnyLeaving(): boolean {
		for (const { isLeaving } of this.#workers) if (isLeaving) return true;
		return false;
	}

	/** Starts another. Throws when it cannot be started. */
	hire(): Worker {
		const worker = new Worker(this.#medium, this.#settings, this.#employer);
		this.#workers.add(worker);
		return worker;
	}

	/** It has ended. */
	forget(worker: Worker): void {
		this.#workers.delete(worker);
		this.#isFull = false;
		this.#takeFromIdle(worker);
	}

	/** How many died, other than by the pool's own hand. */
	get crashes(): number {
		return this.#crashes;
	}

	noteCrash(): void {
		this.#crashes++;
	}

	/** Whether it has had as many tasks as a worker may have. */
	isSpent(worker: Worker): boolean {
		return worker.tasks >= this.#maxTasks;
	}

	/** One with so little to do that a trifle is sooner done there than by one that has to be woken for it. */
	awake(task: Task): Worker | undefined {
		// From a process it could not be had back, should what comes before it take long after all.
		if (this.#isFull || this.#medium === 'process' || !isTrifle(task)) return undefined;
		let most: Worker | undefined;
		for (const worker of this.#given) {
			if (worker.load > AWAKE_US || (most !== undefined && worker.load <= most.load)) continue;
			if (worker.tasks < this.#maxTasks && worker.hasRoomFor(task)) most = worker;
		}
		return most;
	}

	/** One that waits for a task. If it died while it waited it is not given any. */
	wake(): Worker | undefined {
		if (this.#idle.length === 0) return undefined;
		for (let worker = this.#idle.pop(); worker !== undefined; worker = this.#idle.pop()) {
			worker.rouse();
			if (worker.isThere) return worker;
			worker.isLeaving = true;
			this.noteCrash();
		}
		return undefined;
	}

	/** The one that has the least to do, if one may have a task ahead of time. */
	leastBusy(task: Task): Worker | undefined {
		if (this.#isFull) return undefined;
		let least: Worker | undefined;
		for (const worker of this.#workers) {
			if (least !== undefined && worker.load >= least.load) continue;
			if (worker.tasks < this.#maxTasks && worker.hasRoomFor(task)) least = worker;
		}
		this.#isFull = least === undefined;
		return least;
	}

	give(worker: Worker, task: Task): void {
		worker.tasks++;
		this.prepare(worker, task);
	}

	/** Gives it what is not counted among its tasks. */
	prepare(worker: Worker, task: Task): void {
		if (worker.line.length === 0) this.#given.add(worker);
		worker.give(task);
	}

	/** It has one task less. */
	eased(worker: Worker): void {
		this.#isFull = false;
		if (worker.line.length === 0) this.#given.delete(worker);
	}

	/** It has nothing to do until it is woken, and is let go when that takes long. */
	wait(worker: Worker): void {
		this.#idle.push(worker);
		worker.rest(this.#idleTimeout, () => this.#dismiss(worker));
	}

	/** Those that waited for a task; they do not any more. */
	takeIdle(): Worker[] {
		return this.#idle.splice(0);
	}

	/** Lets one go that has had nothing to do for long, unless too few would stay. */
	#dismiss(worker: Worker): void {
		if (this.staying.length > this.#minWorkers && this.#takeFromIdle(worker)) worker.leave();
	}

	/** False when it was not among them. */
	#takeFromIdle(worker: Worker): boolean {
		const at = this.#idle.indexOf(worker);
		if (at !== -1) this.#idle.splice(at, 1);
		return at !== -1;
	}
}
