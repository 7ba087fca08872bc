import { ItemError } from '@conc/core';

/** How an imap draws from its input and hands over results. */
export interface ImapPlan<T> {
	readonly items: Iterable<T> | AsyncIterable<T>;
	readonly chunksize: number;
	/** How many items at most are under way or waiting for the consumer. */
	readonly buffersize: number;
	/** Results in the order of the input, or as they come. */
	readonly ordered: boolean;
	/** Sends a chunk to the pool. */
	submit(chunk: T[]): { promise: Promise<unknown[]>; cancel(): void };
	/** Everything is over. */
	finish(): void;
}

interface Chunk {
	state: 'running' | 'done' | 'failed';
	results: readonly unknown[];
	error: unknown;
	cancel(): void;
}

/**
 * The results of an imap, one after the other. Draws from the input as room comes, so an endless input is fine.
 *
 * An error - of the input, or of an item - comes in its place, after the results before it, and ends the iteration:
 * what has not started is cancelled, and the input is closed.
 */
export class ImapIterator<T, R> implements AsyncIterableIterator<R> {
	readonly #plan: ImapPlan<T>;
	readonly #input: Iterator<T> | AsyncIterator<T>;
	/** Chunks whose results have not all been handed over, in the order of the input. */
	readonly #chunks: Chunk[] = [];
	readonly #ready: R[] = [];
	#underWay = 0;
	#drawing: Promise<void> | null = null;
	#inputState: 'open' | 'ended' | 'failed' = 'open';
	#inputError: unknown;
	#isOver = false;
	#wake: () => void = () => {};

	constructor(plan: ImapPlan<T>) {
		this.#plan = plan;
		const { items } = plan;
		this.#input = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
		this.#draw();
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<R>> {
		for (;;) {
			if (this.#ready.length > 0) {
				const value = this.#ready.shift() as R;
				this.#underWay--;
				this.#draw();
				return { done: false, value };
			}
			if (this.#isOver) return { done: true, value: undefined };
			const failed = this.#collect();
			if (this.#ready.length > 0) continue;
			if (failed !== null) {
				await this.return();
				throw failed.error;
			}
			if (this.#chunks.length === 0 && this.#drawing === null && this.#inputState !== 'open') {
				const error = this.#inputError;
				const isFailed = this.#inputState === 'failed';
				this.#end();
				if (isFailed) throw error;
				continue;
			}
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}

	/** Cancels what has not been handed over, and closes the input. */
	async return(): Promise<IteratorResult<R>> {
		if (!this.#isOver) {
			for (const chunk of this.#chunks.splice(0)) chunk.cancel();
			this.#ready.length = 0;
			const isOpen = this.#inputState === 'open';
			this.#inputState = 'ended';
			this.#end();
			if (isOpen) await this.#input.return?.();
		}
		return { done: true, value: undefined };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.return();
	}

	/** Moves what can be handed over to `#ready`; gives the failure that comes next, if there is one. */
	#collect(): Chunk | null {
		for (;;) {
			const at = this.#plan.ordered ? 0 : this.#chunks.findIndex(({ state }) => state !== 'running');
			const chunk = this.#chunks[at];
			if (chunk === undefined || chunk.state === 'running') return null;
			this.#ready.push(...(chunk.results as R[]));
			chunk.results = [];
			if (chunk.state === 'failed') return chunk;
			this.#chunks.splice(at, 1);
			if (this.#ready.length > 0) return null;
		}
	}

	get #hasRoom(): boolean {
		const { chunksize, buffersize } = this.#plan;
		return this.#inputState === 'open' && this.#underWay + chunksize <= Math.max(buffersize, chunksize);
	}

	/** Draws as many items as there is room for. */
	#draw(): void {
		if (!this.#hasRoom) return;
		this.#drawing ??= this.#drawUntilFull().finally(() => {
			this.#drawing = null;
			this.#wake();
		});
	}

	async #drawUntilFull(): Promise<void> {
		const { chunksize } = this.#plan;
		try {
			while (this.#hasRoom) {
				const chunk: T[] = [];
				while (chunk.length < chunksize && this.#inputState === 'open') {
					const drawn = this.#input.next();
					const { done, value } = drawn instanceof Promise ? await drawn : (drawn as IteratorResult<T>);
					if (done) this.#inputState = 'ended';
					else chunk.push(value);
				}
				if (chunk.length > 0 && !this.#isOver) this.#send(chunk);
			}
		} catch (error) {
			this.#inputState = 'failed';
			this.#inputError = error;
		}
	}

	#send(items: T[]): void {
		this.#underWay += items.length;
		const { promise, cancel } = this.#plan.submit(items);
		const chunk: Chunk = { state: 'running', results: [], error: undefined, cancel };
		this.#chunks.push(chunk);
		promise.then(
			(results) => {
				chunk.results = results;
				chunk.state = 'done';
				this.#wake();
			},
			(error) => {
				const isItems = error instanceof ItemError;
				chunk.results = isItems ? error.done : [];
				chunk.error = isItems ? error.error : error;
				chunk.state = 'failed';
				this.#wake();
			},
		);
	}

	#end(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#plan.finish();
	}
}
