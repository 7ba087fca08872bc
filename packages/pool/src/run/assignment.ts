import { type Call, type Caller, HostExitError, paceAfter } from '@conc/core';
import type { Task } from '../submit/task.js';
import type { Worker } from './worker.js';

/** A task that was given to a worker: what is heard of its call, and who has to know. */
export class Assignment implements Caller {
	readonly #worker: Worker;
	readonly #task: Task;

	constructor(worker: Worker, task: Task) {
		this.#worker = worker;
		this.#task = task;
	}

	get call(): Call {
		return this.#task.call;
	}

	resolve(value: unknown, microseconds: number): void {
		const { pace } = this.#task.call;
		if (pace !== null) pace.microseconds = paceAfter(pace.microseconds, microseconds);
		this.#worker.answer(this.#task, true, value);
	}

	reject(error: unknown): void {
		if (error instanceof HostExitError) this.#worker.lost(this.#task, error);
		else this.#worker.answer(this.#task, false, error);
	}

	opening(): void {
		this.#task.isOpening = true;
	}

	item(value: unknown): void {
		this.#worker.item(this.#task, value);
	}

	progress(value: unknown): void {
		this.#task.progress(value);
	}

	listens(): void {
		this.#worker.listens(this.#task);
	}

	returned(): void {
		this.#worker.returned(this.#task);
	}
}
