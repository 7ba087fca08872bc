/** An iterator over what workers make: one call of `next` after the other is answered, as results come. */
export abstract class ResultIterator<T> implements AsyncIterableIterator<T> {
	#turn: Promise<unknown> = Promise.resolve();
	#wake: () => void = () => {};

	/** Gives the next item. It is not called again until it has. */
	protected abstract advance(): Promise<IteratorResult<T>>;

	/** Ends the iteration, early or not. It does not wait for its turn, and may come more than once. */
	protected abstract stop(): Promise<void>;

	/** Resolves when `wake` is called; only `advance` may wait for that. */
	protected woken(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}

	protected wake(): void {
		this.#wake();
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	next(): Promise<IteratorResult<T>> {
		const result = this.#turn.then(() => this.advance());
		this.#turn = result.catch(() => {});
		return result;
	}

	async return(): Promise<IteratorResult<T>> {
		await this.stop();
		return { done: true, value: undefined };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}
}
