import type { PatientOptions, SyncWaitOptions, WaitOptions } from '@conc/core';
import { kindOf, TimeoutError } from '@conc/core';
import { Held } from './held.js';

/** A function that returns no promise: with one, what it holds would be given back before it is done. */
export type Synchronous<T> = () => T extends PromiseLike<unknown> ? never : T;

/** What can be acquired and released, and the ways to do both at once. */
export abstract class Acquirable {
	/** How it is called in messages: `Lock "jobs"`. */
	protected abstract readonly label: string;

	/**
	 * Resolves with true when it was acquired, with false when that took longer than `timeout` milliseconds. The event
	 * loop goes on meanwhile. Rejects with `signal.reason` when aborted: nothing is acquired then.
	 */
	abstract acquire(options?: PatientOptions): Promise<true>;
	abstract acquire(options: WaitOptions): Promise<boolean>;
	/** The same, blocking this thread: none of its other tasks runs meanwhile. */
	abstract acquireSync(options?: { readonly timeout?: undefined }): true;
	abstract acquireSync(options: SyncWaitOptions): boolean;
	/** Gives it back. */
	abstract release(): void;

	/**
	 * Runs `fn` while holding it, and gives it back when `fn` has returned or thrown, or what it returned has settled.
	 * Passes on what `fn` returns or throws. Rejects with `TimeoutError` when it was not acquired within `timeout`
	 * milliseconds, with `signal.reason` when aborted before; `fn` does not run then. (Python: `with lock:`)
	 */
	async with<T>(fn: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		checkFunction(fn);
		await deliver(this, this.label, options);
		return settle(fn, () => this.release());
	}

	/**
	 * The same, blocking this thread until it is acquired. `fn` must not be async: that is a type error and, since it
	 * would be released while `fn` still runs, a TypeError.
	 */
	withSync<T>(fn: Synchronous<T>, options?: SyncWaitOptions): T {
		checkFunction(fn);
		deliverSync(this, this.label, options);
		return settleSync(this.label, fn as () => T, () => this.release());
	}

	/**
	 * Resolves with what gives it back: `using held = await lock.hold()`, or `held.release()` in a `finally`.
	 * Rejects with `TimeoutError` when it was not acquired within `timeout` milliseconds.
	 */
	async hold(options?: WaitOptions): Promise<Held> {
		await deliver(this, this.label, options);
		return new Held(() => this.release());
	}

	/** The same, blocking this thread. */
	holdSync(options?: SyncWaitOptions): Held {
		deliverSync(this, this.label, options);
		return new Held(() => this.release());
	}
}

async function deliver(wanted: Acquirable, label: string, options: WaitOptions | undefined): Promise<void> {
	const acquired = options === undefined ? await wanted.acquire() : await wanted.acquire(options);
	if (!acquired) throw late(label, options);
}

function deliverSync(wanted: Acquirable, label: string, options: SyncWaitOptions | undefined): void {
	const acquired = options === undefined ? wanted.acquireSync() : wanted.acquireSync(options);
	if (!acquired) throw late(label, options);
}

function checkFunction(fn: unknown): void {
	if (typeof fn !== 'function') throw new TypeError(`fn must be a function, not ${kindOf(fn)}`);
}

/** Runs `fn`, then `giveBack`; an error of `fn` is not hidden by one of `giveBack`. */
async function settle<T>(fn: () => T, giveBack: () => void): Promise<Awaited<T>> {
	let result: Awaited<T>;
	try {
		result = await fn();
	} catch (error) {
		quietly(giveBack);
		throw error;
	}
	giveBack();
	return result;
}

function settleSync<T>(label: string, fn: () => T, giveBack: () => void): T {
	let result: T;
	try {
		result = fn();
		refusePromise(`withSync of ${label}`, 'with(fn)', result);
	} catch (error) {
		quietly(giveBack);
		throw error;
	}
	giveBack();
	return result;
}

function quietly(giveBack: () => void): void {
	try {
		giveBack();
	} catch {
		// The error of the function matters more than that it has given back by itself.
	}
}

/** An async function would go on after what is held for it was given back. */
export function refusePromise(what: string, wayOut: string, result: unknown): void {
	const then = (result as { then?: unknown } | null | undefined)?.then;
	if (typeof then !== 'function') return;
	throw new TypeError(`${what} was given an async function, which it cannot wait for\n  → use ${wayOut}`);
}

function late(label: string, options: SyncWaitOptions | undefined): TimeoutError {
	return new TimeoutError(`${label} could not be acquired within ${options?.timeout} ms`);
}
