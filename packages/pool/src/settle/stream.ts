import { LONGEST_MS } from '../options.js';
import type { StreamReceiver, Task } from '../submit/task.js';
import { ResultIterator } from './result-iterator.js';

/** The items of a stream, one after the other, as a worker makes them. */
export class StreamIterator extends ResultIterator<unknown> implements StreamReceiver {
	readonly #task: Task;
	readonly #buffersize: number;
	readonly #gracePeriod: number;
	readonly #cancel: () => void;
	/** Items that have not been handed over; promises of those that need modules to be imported first. */
	readonly #items: unknown[] = [];
	#at = 0;
	/** Resolves, never rejects, when the task is settled. */
	readonly #ended: Promise<void>;
	#isOver = false;
	#pull: (items: number) => void = () => {};
	#finish: () => void = () => {};

	/** @param cancel gives the task up, with its worker if need be */
	constructor(task: Task, buffersize: number, gracePeriod: number, cancel: () => void) {
		super();
		this.#task = task;
		this.#buffersize = buffersize;
		this.#gracePeriod = gracePeriod;
		this.#cancel = cancel;
		const end = () => this.wake();
		this.#ended = task.promise.then(end, end);
	}

	given(pull: (items: number) => void, finish: () => void): void {
		this.#pull = pull;
		this.#finish = finish;
		pull(this.#buffersize);
	}

	item(value: unknown): void {
		// It is awaited when its turn comes, which may be later than the next turn of the event loop.
		if (value instanceof Promise) value.catch(() => {});
		this.#items.push(value);
		this.wake();
	}

	get isFull(): boolean {
		return !this.#isOver && this.#items.length - this.#at === this.#buffersize;
	}

	protected override async advance(): Promise<IteratorResult<unknown>> {
		for (;;) {
			if (this.#isOver) return { done: true, value: undefined };
			if (this.#at < this.#items.length) return { done: false, value: await this.#take() };
			const { outcome } = this.#task;
			if (outcome === null) {
				await this.woken();
				continue;
			}
			this.#isOver = true;
			if (outcome.status === 'rejected') throw outcome.reason;
			return { done: true, value: outcome.value };
		}
	}

	async #take(): Promise<unknown> {
		const item = this.#items[this.#at];
		this.#items[this.#at++] = undefined;
		if (this.#at === this.#items.length) {
			this.#items.length = 0;
			this.#at = 0;
		}
		this.#pull(1);
		try {
			return await item;
		} catch (error) {
			await this.stop();
			throw error;
		}
	}

	/** Closes the generator, and resolves when that is done. */
	protected override async stop(): Promise<void> {
		if (this.#isOver) return this.#ended;
		this.#isOver = true;
		this.wake();
		this.#items.length = 0;
		// One that looks at its signal learns of it by that, and has its `gracePeriod` from there.
		if (this.#task.state === 'queued' || this.#task.listens) this.#cancel();
		else this.#finish();
		const isLimited = this.#gracePeriod <= LONGEST_MS;
		const timer = isLimited ? setTimeout(this.#cancel, this.#gracePeriod) : undefined;
		await this.#ended;
		clearTimeout(timer);
	}
}
