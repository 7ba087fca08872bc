import { type Call, checkKind, placeOf, readSignal, readTimeout } from '@conc/core';
import type { Lane, Linked } from '../schedule/lane.js';
import { bound, type CallbackSettings, Callbacks } from './callbacks.js';

export interface TaskSettings extends CallbackSettings {
	readonly signal?: AbortSignal | undefined;
	readonly timeout?: number | undefined;
	readonly name?: string | undefined;
	readonly priority?: number | undefined;
	readonly onProgress?: ((value: unknown) => void) | undefined;
}

/** Who takes the items of a stream. */
export interface StreamReceiver {
	/** A worker has it now: this is how to ask for items, and to say that no more are wanted. */
	given(pull: (items: number) => void, finish: () => void): void;
	item(value: unknown): void;
	/** It has all that it has asked for, and nobody waits for more. */
	readonly isFull: boolean;
}

/** Why a task is to be rejected; `isCallers` when the caller made it so, which is nobody's unhandled rejection. */
interface Verdict {
	readonly error: unknown;
	readonly isCallers: boolean;
}

/** How a task or a map turned out. */
export type Outcome<T = unknown> =
	| { readonly status: 'fulfilled'; readonly value: T }
	| { readonly status: 'rejected'; readonly reason: unknown };

const nothing = () => {};

/** A call on its way through a pool: queued, running, settled. */
export class Task implements Linked<Task> {
	readonly call: Call;
	/** Milliseconds it may run, `Infinity` for no limit. */
	readonly timeout: number;
	/** The higher, the sooner it starts. */
	readonly priority: number;
	/** It may have to be stopped while it runs: it has a time-out or a signal. */
	readonly mayBeStopped: boolean;
	readonly promise: Promise<unknown>;
	lane: Lane<Task> | null = null;
	before: Task | null = null;
	after: Task | null = null;
	/** How many tasks of its pool were settled in which way, this one among them. */
	counts: Record<'fulfilled' | 'rejected', number> | null = null;
	/** In the worker that has it: what it was counted as, in microseconds, and the id of its call. */
	cost = 0;
	callId = -1;
	state: 'queued' | 'running' | 'fulfilled' | 'rejected' = 'queued';
	/** It looks at its signal, so it may end by itself when it is cancelled. */
	listens = false;
	stream: StreamReceiver | null = null;
	/** Its result is there, but can only be opened in turns of the event loop. */
	isOpening = false;
	readonly #name: string | undefined;
	readonly #callbacks: Callbacks | null;
	readonly #report: ((value: unknown) => void) | undefined;
	/** Its value or its error, once it is settled. */
	#end: unknown = undefined;
	#verdict: Verdict | null = null;
	#resolve: (value: unknown) => void = nothing;
	#reject: (error: unknown) => void = nothing;
	#cleanUp: () => void = nothing;

	constructor(call: Call, settings: TaskSettings = {}) {
		this.call = call;
		this.timeout = readTimeout(settings);
		this.priority = readPriority(settings);
		this.mayBeStopped = this.timeout !== Number.POSITIVE_INFINITY || settings.signal !== undefined;
		this.#name = settings.name;
		this.#callbacks = Callbacks.of(settings);
		this.#report = bound('onProgress', settings.onProgress);
		this.promise = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	/** For messages. */
	get name(): string {
		return this.#name === undefined ? placeOf(this.call.fn) : `\`${this.#name}\``;
	}

	get isSettled(): boolean {
		return this.state === 'fulfilled' || this.state === 'rejected';
	}

	/** How it turned out, once it has. */
	get outcome(): Outcome | null {
		switch (this.state) {
			case 'fulfilled':
				return { status: 'fulfilled', value: this.#end };
			case 'rejected':
				return { status: 'rejected', reason: this.#end };
			default:
				return null;
		}
	}

	/** Why it is to be rejected. */
	get reason(): unknown {
		return this.#verdict?.error;
	}

	/** It reports something on its way. What cannot be taken apart here is as good as not reported. */
	progress(value: unknown): void {
		const report = this.#report;
		if (report === undefined || this.isSettled) return;
		const tell = (seen: unknown) => queueMicrotask(() => report(seen));
		if (value instanceof Promise) value.then(tell, nothing);
		else tell(value);
	}

	/** Whether it is to be rejected as soon as its worker is gone. */
	get isCondemned(): boolean {
		return this.#verdict !== null;
	}

	/** Whether it is a stream that goes on only when it is read on, or left. */
	get isPaused(): boolean {
		return this.stream?.isFull === true && this.#verdict === null;
	}

	/** Whether it was rejected because the caller wanted it. */
	get isCallers(): boolean {
		return this.state === 'rejected' && this.#verdict?.isCallers === true;
	}

	/** Calls `cleanUp` when it is settled. */
	whenSettled(cleanUp: () => void): void {
		this.#cleanUp = cleanUp;
	}

	/** Whatever comes now, the task will be rejected with this error. The first verdict holds. */
	condemn(error: unknown, isCallers: boolean): void {
		this.#verdict ??= { error, isCallers };
	}

	resolve(value: unknown): void {
		if (this.#verdict !== null) return this.reject(this.#verdict.error);
		if (!this.#settle('fulfilled', value)) return;
		this.#callbacks?.fulfilled(value);
		this.#resolve(value);
	}

	/** Rejects it with its verdict, or with `error` where there is none. */
	reject(error: unknown, isCallers = false): void {
		this.condemn(error, isCallers);
		const verdict = this.#verdict as Verdict;
		if (!this.#settle('rejected', verdict.error)) return;
		const isHandled = this.#callbacks?.rejected(verdict.error) === true;
		if (isHandled || verdict.isCallers) this.promise.catch(nothing);
		this.#reject(verdict.error);
	}

	#settle(state: 'fulfilled' | 'rejected', end: unknown): boolean {
		if (this.isSettled) return false;
		this.#end = end;
		this.state = state;
		if (this.counts !== null) this.counts[state]++;
		this.#cleanUp();
		return true;
	}
}

/** The priority of a task that is about to be made. Throws on what is none. */
export function readPriority({ priority = 0 }: { readonly priority?: unknown }): number {
	checkKind('priority', 'a number', priority, typeof priority === 'number');
	if (Number.isNaN(priority)) throw new RangeError('priority must be a number, not NaN');
	return priority as number;
}

/** The signal of a task that is about to be made, if it has one. */
export function signalOf(settings: Pick<TaskSettings, 'signal'>): AbortSignal | undefined {
	return readSignal({ signal: settings.signal });
}
