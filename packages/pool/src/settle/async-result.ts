import { deliver, readTimeout, type SyncWaitOptions, type WaitOptions, waitFor } from '@conc/core';
import type { Outcome } from '../submit/task.js';
import { taken } from './block.js';

/** What an AsyncResult tells of. */
export interface Pending {
	readonly promise: Promise<unknown>;
	readonly state: 'queued' | 'running' | 'fulfilled' | 'rejected';
	readonly outcome: Outcome | null;
	readonly isOpening: boolean;
}

/** Blocks until it is settled, as far as `timeout` milliseconds allow. */
export type Block = (pending: Pending, timeout: number) => void;

/**
 * A result that may not be there yet: a promise, and Python's ways to ask it. (`multiprocessing.pool.AsyncResult`)
 *
 * An error that nobody asks for - by awaiting it, `get`, `wait` or an `errorCallback` - is an unhandled rejection, as
 * that of any promise, unless the caller cancelled, aborted or terminated the task.
 */
export class AsyncResult<R> implements Promise<R> {
	readonly [Symbol.toStringTag] = 'AsyncResult';
	readonly #pending: Pending;
	readonly #promise: Promise<R>;
	readonly #cancel: () => boolean;
	readonly #block: Block;

	/** @internal */
	constructor(pending: Pending, cancel: () => boolean, block: Block) {
		this.#pending = pending;
		this.#promise = pending.promise as Promise<R>;
		this.#cancel = cancel;
		this.#block = block;
	}

	/**
	 * The result, or its error. Rejects with TimeoutError when it is not there within `timeout` milliseconds; the task
	 * goes on, and a later `get()` gives its result.
	 */
	get(options?: WaitOptions): Promise<R> {
		return options === undefined ? this.#promise : deliver(this.#promise, options, 'the result');
	}

	/**
	 * The result, blocking this thread: no turn of its event loop runs meanwhile. Throws its error, or TimeoutError when it
	 * is not there within `timeout` milliseconds; the task goes on. (`AsyncResult.get`)
	 */
	getSync(options?: SyncWaitOptions): Awaited<R> {
		this.#block(this.#pending, readTimeout(options));
		return taken(this.#pending) as Awaited<R>;
	}

	/** Resolves with true when the task is settled, with false when that took longer than `timeout` milliseconds. */
	wait(options?: WaitOptions): Promise<boolean> {
		return waitFor(this.#promise, options);
	}

	/** Whether the task is settled. */
	get ready(): boolean {
		const { state } = this.#pending;
		return state === 'fulfilled' || state === 'rejected';
	}

	/** Whether the task is done without an error. Throws while it is not settled. */
	get successful(): boolean {
		if (!this.ready) throw new Error('the result is not there yet: see ready, or wait()');
		return this.#pending.state === 'fulfilled';
	}

	/**
	 * Rejects the task with a CancelledError: a queued one never starts, of a running one the worker is replaced. False
	 * when it was settled before.
	 */
	cancel(): boolean {
		return this.#cancel();
	}

	// biome-ignore lint/suspicious/noThenProperty: an AsyncResult is a promise
	then<A = R, B = never>(
		onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
		onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
	): Promise<A | B> {
		return this.#promise.then(onFulfilled, onRejected);
	}

	catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<R | B> {
		return this.#promise.catch(onRejected);
	}

	finally(onFinally?: (() => void) | null): Promise<R> {
		return this.#promise.finally(onFinally);
	}

	toString(): string {
		return `AsyncResult(${this.#pending.state})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}
}
