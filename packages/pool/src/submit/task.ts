import { type Call, placeOf, readSignal, readTimeout } from '@conc/core';

/** A call on its way through a pool: queued, running, settled. */
export class Task {
	readonly call: Call;
	/** Milliseconds it may run, `Infinity` for no limit. */
	readonly timeout: number;
	readonly promise: Promise<unknown>;
	state: 'queued' | 'running' | 'settled' = 'queued';
	readonly #name: string | undefined;
	#resolve: (value: unknown) => void = () => {};
	#reject: (error: unknown) => void = () => {};
	#cleanUp: () => void = () => {};

	constructor(call: Call, options: { timeout?: number; name?: string } = {}) {
		this.call = call;
		this.timeout = readTimeout(options);
		this.#name = options.name;
		this.promise = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	/** For messages. */
	get name(): string {
		return this.#name === undefined ? placeOf(this.call.fn) : `\`${this.#name}\``;
	}

	/** Calls `abort` with the reason when the signal is aborted before the task is settled. */
	follow(options: { signal?: AbortSignal }, abort: (reason: unknown) => void): void {
		const signal = readSignal(options);
		if (signal === undefined) return;
		const listener = () => abort(signal.reason);
		signal.addEventListener('abort', listener, { once: true });
		this.#cleanUp = () => signal.removeEventListener('abort', listener);
	}

	resolve(value: unknown): void {
		this.#settle();
		this.#resolve(value);
	}

	/** @param isCallers the caller made it so, by terminate, cancel or abort; it is nobody's unhandled rejection */
	reject(error: unknown, isCallers = false): void {
		if (isCallers) this.promise.catch(() => {});
		this.#settle();
		this.#reject(error);
	}

	#settle(): void {
		this.state = 'settled';
		this.#cleanUp();
	}
}
