import { follow } from '../aborts.js';
import { HostExitError } from '../errors.js';
import type { Call } from './call.js';
import type { Host } from './host.js';

interface JobOptions {
	/** Ends the host when it is aborted. */
	readonly signal: AbortSignal | undefined;
	/** The host keeps this process alive only for those who wait for it. */
	readonly daemon: boolean;
}

/** One call on a host of its own, from before its start to its end: what a thread and a process have in common. */
export class Job<R> {
	/** Never an unhandled rejection: a failure is reported on stderr. */
	readonly result: Promise<R>;
	readonly #signal: AbortSignal | undefined;
	readonly #daemon: boolean;
	readonly #settle: { resolve(value: R): void; reject(error: unknown): void };
	/** How many calls wait for the end of the host. */
	#awaited = 0;

	constructor({ signal, daemon }: JobOptions) {
		this.#signal = signal;
		this.#daemon = daemon;
		let settle: { resolve(value: R): void; reject(error: unknown): void } | undefined;
		this.result = new Promise<R>((resolve, reject) => {
			settle = { resolve, reject };
		});
		this.#settle = settle as NonNullable<typeof settle>;
		this.result.catch(() => {});
	}

	/** Throws the reason of a signal that is aborted already, and rejects with it. */
	refuseAborted(): void {
		if (this.#signal?.aborted) this.#settle.reject(this.#signal.reason);
		this.#signal?.throwIfAborted();
	}

	/** Runs the call; `asOurs` makes the error of a host that ended before its answer. */
	run(host: Host, call: Call, asOurs: (error: HostExitError) => Error): void {
		host.run({
			call,
			resolve: (value) => this.#settle.resolve(value as R),
			reject: (error) =>
				this.#settle.reject(error instanceof HostExitError ? this.#reasonOr(asOurs, error) : error),
		});
		if (this.#daemon) host.unref();
		const signal = this.#signal;
		if (signal === undefined) return;
		void host.exited.then(follow(signal, () => void host.terminate()));
	}

	/** A daemon keeps nobody alive by itself, but who waits for it is kept waiting. */
	async whileAwaited<T>(host: Host, wait: Promise<T>): Promise<T> {
		this.#awaited++;
		host.ref();
		try {
			return await wait;
		} finally {
			if (--this.#awaited === 0 && this.#daemon) host.unref();
		}
	}

	#reasonOr(asOurs: (error: HostExitError) => Error, error: HostExitError): unknown {
		return this.#signal?.aborted ? this.#signal.reason : asOurs(error);
	}
}
