import { follow, ItemError } from '@conc/core';
import type { Task } from '../submit/task.js';
import { ResultIterator } from './result-iterator.js';

/** How an imap draws from its input and hands over results. */
export interface ImapPlan<T> {
	readonly items: Iterable<T> | AsyncIterable<T>;
	readonly chunksize: number;
	/** How many items at most are under way or waiting for the consumer. */
	readonly buffersize: number;
	/** Results in the order of the input, or as they come. */
	readonly isOrdered: boolean;
	readonly signal: AbortSignal | undefined;
	/** Sends a chunk to the pool. */
	submit(chunk: T[]): Task;
	/** Takes back of what was sent what has not begun. */
	withdraw(tasks: readonly Task[]): void;
	/** Everything is over. */
	finish(): void;
}

interface Chunk {
	state: 'running' | 'done' | 'failed';
	results: readonly unknown[];
	error: unknown;
	/** Null where it could not be sent. */
	task: Task | null;
}

/**
 * The results of an imap, one after the other. Draws from the input as room comes, so an endless input is fine.
 *
 * An error - of the input, or of an item - comes in its place, after the results before it, and ends the iteration:
 * what has not started is cancelled, and the input is closed.
 */
export class ImapIterator<T, R> extends ResultIterator<R> {
	readonly #plan: ImapPlan<T>;
	readonly #input: Iterator<T> | AsyncIterator<T>;
	readonly #isAsync: boolean;
	/** Chunks whose results have not all been handed over, in the order of the input. */
	readonly #chunks: Chunk[] = [];
	/** Results to be handed over next, from `#at` on. */
	#ready: readonly R[] = [];
	#at = 0;
	#underWay = 0;
	#isDrawing = false;
	#inputState: 'open' | 'ended' | 'failed' = 'open';
	#inputError: unknown;
	/** The reason of the signal, which does not wait for its turn. */
	#aborted: { reason: unknown } | null = null;
	#isOver = false;
	#unfollow = () => {};

	constructor(plan: ImapPlan<T>) {
		super();
		this.#plan = plan;
		const { items, signal } = plan;
		this.#isAsync = Symbol.asyncIterator in items;
		this.#input = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
		if (signal?.aborted) this.cut(signal.reason);
		else {
			if (signal !== undefined) this.#unfollow = follow(signal, () => this.cut(signal.reason));
			void this.#draw();
		}
	}

	protected override async advance(): Promise<IteratorResult<R>> {
		for (;;) {
			if (this.#isOver) return { done: true, value: undefined };
			if (this.#aborted !== null) return this.#fail(this.#aborted.reason);
			const failed = this.#hasReady ? null : this.#collect();
			if (this.#hasReady) {
				const value = this.#ready[this.#at++] as R;
				this.#underWay--;
				void this.#draw();
				return { done: false, value };
			}
			if (failed !== null) return this.#fail(failed.error);
			if (this.#chunks.length === 0 && !this.#isDrawing) {
				if (this.#inputState === 'failed') return this.#fail(this.#inputError);
				if (this.#inputState === 'ended') await this.stop();
			}
			if (this.#isOver) continue;
			await this.woken();
		}
	}

	/** Moves what can be handed over to `#ready`; gives the failure that comes next, if there is one. */
	#collect(): Chunk | null {
		for (;;) {
			const at = this.#plan.isOrdered ? 0 : this.#chunks.findIndex(({ state }) => state !== 'running');
			const chunk = this.#chunks[at];
			if (chunk === undefined || chunk.state === 'running') return null;
			this.#ready = chunk.results as readonly R[];
			this.#at = 0;
			chunk.results = [];
			if (chunk.state === 'failed') return chunk;
			this.#chunks.splice(at, 1);
			if (this.#hasReady) return null;
		}
	}

	get #hasReady(): boolean {
		return this.#at < this.#ready.length;
	}

	get #hasRoom(): boolean {
		const { chunksize, buffersize } = this.#plan;
		return this.#inputState === 'open' && this.#underWay + chunksize <= Math.max(buffersize, chunksize);
	}

	/** Draws as many items as there is room for. */
	async #draw(): Promise<void> {
		if (this.#isDrawing) return;
		this.#isDrawing = true;
		while (this.#hasRoom) {
			const chunk: T[] = [];
			try {
				while (chunk.length < this.#plan.chunksize && this.#inputState === 'open') {
					const drawn = this.#input.next();
					const { done, value } = this.#isAsync ? await drawn : (drawn as IteratorResult<T>);
					if (done) this.#inputState = 'ended';
					else chunk.push(value);
				}
			} catch (error) {
				this.#inputState = 'failed';
				this.#inputError = error;
			}
			if (chunk.length > 0 && !this.#isOver) this.#send(chunk);
		}
		this.#isDrawing = false;
		this.wake();
	}

	/** What cannot be sent fails in its place, as what could not be done. */
	#send(items: T[]): void {
		const chunk: Chunk = { state: 'running', results: [], error: undefined, task: null };
		this.#chunks.push(chunk);
		this.#underWay += items.length;
		const fail = (error: unknown) => {
			const isItems = error instanceof ItemError;
			chunk.results = isItems ? error.done : [];
			chunk.error = isItems ? error.error : error;
			chunk.state = 'failed';
			this.wake();
		};
		try {
			chunk.task = this.#plan.submit(items);
			chunk.task.promise.then((results) => {
				chunk.results = results as unknown[];
				chunk.state = 'done';
				this.wake();
			}, fail);
		} catch (error) {
			fail(error);
		}
	}

	/** Ends it with an error that does not wait for its turn. */
	cut(reason: unknown): void {
		this.#aborted ??= { reason };
		this.wake();
	}

	/** Ends the iteration with an error, which nothing that closing the input throws may replace. */
	async #fail(error: unknown): Promise<never> {
		await this.stop().catch(() => {});
		throw error;
	}

	/** Cancels what has not been handed over, and closes the input. */
	protected override async stop(): Promise<void> {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#unfollow();
		this.#plan.withdraw(this.#chunks.splice(0).flatMap(({ task }) => task ?? []));
		this.#ready = [];
		const isOpen = this.#inputState === 'open';
		this.#inputState = 'ended';
		this.#plan.finish();
		this.wake();
		if (!isOpen) return;
		const closed = this.#input.return?.();
		// A generator that waits for its next item is closed when that comes, which may be never.
		if (this.#isDrawing) Promise.resolve(closed).catch(() => {});
		else await closed;
	}
}
