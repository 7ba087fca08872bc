import { brand, CaptureError, checkKind, checkObject, kindOf, makeCall, now } from '@conc/core';
import type { ThreadOptions } from './options.js';
import { Thread } from './thread.js';

const WAITING = 0; // not started, or its time has not come
const FIRED = 1; // the function runs, or has run
const CANCELLED = 2;

/** What a timer and its thread share: a word for the state, and a number that says when its time comes. */
const CLOCK_BYTES = 16;
const STATE = 0;
const DUE = 1;

/**
 * A Thread that calls a function once, `ms` milliseconds after `start()`, unless it is cancelled before. It runs also while
 * the thread that started it blocks. (`threading.Timer`)
 *
 * The function and its arguments cross as they are when `start()` is called. `result` is what the function returned, undefined
 * after a cancel. As any thread, one that is not a daemon keeps the process alive, also while it waits.
 *
 *     const timer = new Timer(30_000, () => console.log('too late')).start();
 *     timer.cancel();
 */
// biome-ignore lint/suspicious/noExplicitAny: a Timer of unknown arguments must take any function
export class Timer<A extends unknown[] = any, R = unknown> extends Thread<A, R | undefined> {
	readonly #ms: number;
	readonly #clock: SharedArrayBuffer;
	/** Let go of at the start. */
	#task:
		| (Pick<ThreadOptions, 'transfer'> & { readonly fn: (...args: A) => R; readonly args: Readonly<A> })
		| null;

	/**
	 * Throws a TypeError or a RangeError for what is no time, function or option; `ms` is 0 or more, and Infinity waits until
	 * it is cancelled.
	 */
	constructor(ms: number, fn: () => R, args?: readonly [], options?: ThreadOptions);
	constructor(ms: number, fn: (...args: A) => R, args: Readonly<A>, options?: ThreadOptions);
	constructor(
		ms: number,
		fn: (...args: A) => R,
		args: Readonly<A> = [] as unknown as A,
		options: ThreadOptions = {},
	) {
		checkTime(ms);
		if (typeof fn !== 'function') throw new TypeError(`fn must be a function, not ${kindOf(fn)}`);
		checkKind('args', 'an array', args, Array.isArray(args));
		checkObject('options', options);
		const clock = new SharedArrayBuffer(CLOCK_BYTES);
		const work = { target: runTimer, args: [clock, fn, args] };
		super({ ...options, ...work } as unknown as ThreadOptions & { target: () => R | undefined });
		this.#ms = ms;
		this.#clock = clock;
		this.#task = { fn, args, transfer: options.transfer };
	}

	override start(): this {
		if (this.ident === null) new Float64Array(this.#clock)[DUE] = now() + this.#ms;
		try {
			super.start();
		} catch (error) {
			// Once more by itself, so that the message names what the function uses.
			if (error instanceof CaptureError && this.#task !== null) {
				const { fn, args, transfer } = this.#task;
				makeCall(fn, args, 'thread', { transfer });
			}
			throw error;
		}
		this.#task = null;
		return this;
	}

	/**
	 * Keeps the function from being called, if that has not begun; a thread that waits ends at once. True when it never
	 * will be called. (`Timer.cancel`)
	 */
	cancel(): boolean {
		const state = new Int32Array(this.#clock);
		const before = Atomics.compareExchange(state, STATE, WAITING, CANCELLED);
		Atomics.notify(state, STATE);
		return before !== FIRED;
	}

	override toString(): string {
		return super.toString().replace(/^Thread/, 'Timer');
	}
}
brand(Timer, '@conc/thread:Timer');

/** @internal What the thread of a Timer runs. */
export async function runTimer<A extends unknown[], R>(
	clock: SharedArrayBuffer,
	fn: (...args: A) => R,
	args: A,
): Promise<Awaited<R> | undefined> {
	const state = new Int32Array(clock);
	const due = new Float64Array(clock)[DUE] as number;
	await untilDue(state, due);
	return Atomics.compareExchange(state, STATE, WAITING, FIRED) === WAITING ? await fn(...args) : undefined;
}

/** Until its time has come, or it is cancelled. The event loop turns meanwhile, so that an abort of a signal is heard. */
async function untilDue(state: Int32Array, due: number): Promise<void> {
	const changed = Atomics.waitAsync(state, STATE, WAITING);
	if (!changed.async) return;
	for (let left = due - now(); left > 0 && Atomics.load(state, STATE) === WAITING; left = due - now()) {
		let timeout: NodeJS.Timeout | undefined;
		const passed = new Promise((resolve) => {
			timeout = setTimeout(resolve, Math.min(Math.ceil(left), LONGEST_MS));
		});
		await Promise.race([changed.value, passed]);
		clearTimeout(timeout);
	}
}

/** Node fires a longer timer after 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

function checkTime(ms: unknown): void {
	if (typeof ms !== 'number') throw new TypeError(`ms must be a number of milliseconds, not ${kindOf(ms)}`);
	if (!(ms >= 0)) throw new RangeError(`ms must be 0 or more milliseconds, not ${ms}`);
}
