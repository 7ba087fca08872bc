import {
	type Host,
	type HostExitError,
	here,
	howItEnded,
	Job,
	makeCall,
	Registry,
	readTimeout,
	type SyncWaitOptions,
	sendAll,
	startThread,
	type ThreadId,
	type WaitOptions,
	waitFor,
} from '@conc/core';
import { ThreadError, ThreadExitError } from './errors.js';
import { checkOptions, type ThreadOptions } from './options.js';

type Target<A extends unknown[], R> = (...args: A) => R;

interface Running {
	readonly host: Host;
	readonly record: ThreadId;
}

/**
 * A function that runs in a thread of this process. (`threading.Thread`)
 *
 * The function is any function, inline ones with what they capture included; it and its arguments cross as they are
 * when `start()` is called. An error it throws is reported on stderr as `Exception in thread NAME:` and rejects
 * `result`; it ends this thread and nothing else. A thread that is not a daemon keeps the process alive until its
 * function is done.
 *
 *     const thread = new Thread({ target: (n) => fib(n), args: [30], name: 'fib' }).start();
 *     console.log(await thread.result);
 */
// biome-ignore lint/suspicious/noExplicitAny: a Thread of unknown arguments must take any target
export class Thread<A extends unknown[] = any, R = unknown> {
	/**
	 * What the target returned. Rejects with its error, or with a ThreadExitError when the thread ended before. It is
	 * not an unhandled rejection by itself; the report on stderr is.
	 */
	readonly result: Promise<Awaited<R>>;
	readonly #name: string;
	readonly #daemon: boolean;
	readonly #options: ThreadOptions;
	readonly #job: Job<Awaited<R>>;
	/** Let go of at the start, so that nothing keeps the arguments. */
	#work: { readonly target: Target<A, R>; readonly args: Readonly<A> } | null;
	#running: Running | null = null;

	constructor(options: ThreadOptions & { target: () => R; args?: readonly [] });
	constructor(options: ThreadOptions & { target: (...args: A) => R; args: Readonly<A> });
	constructor(options: ThreadOptions & { target: Target<A, R>; args?: Readonly<A> }) {
		checkOptions(options);
		if ('run' in this)
			throw new TypeError('a Thread runs its target: pass { target } instead of overriding run()');
		const { target, args = [] as unknown as A, ...rest } = options;
		this.#work = { target, args };
		this.#options = rest;
		this.#name = rest.name ?? `Thread-${Registry.ours().nextNumber()}`;
		this.#daemon = rest.daemon ?? (here().kind === 'thread' && here().daemon);
		this.#job = new Job({ signal: rest.signal, daemon: this.#daemon });
		this.result = this.#job.result;
	}

	/**
	 * Starts the thread, once. Throws a ThreadError when it was started before, a CaptureError when the target or an
	 * argument cannot cross; then it is not started. (`Thread.start`)
	 */
	start(): this {
		if (this.#work === null)
			throw new ThreadError(`${this.name} was started before: a thread runs once, make another one`);
		const { target, args } = this.#work;
		const { transfer, resourceLimits } = this.#options;
		this.#job.refuseAborted();
		const options = { name: this.name, daemon: this.daemon, runs: 'one' as const, resourceLimits };
		// Before anything is started, as it may be refused.
		const call = makeCall(target as (...args: never[]) => unknown, args, 'thread', { transfer });
		const { host, record } = startThread(options, here().path);
		this.#job.run(host, call, (error) => this.#asOurs(error));
		this.#work = null;
		this.#running = { host, record };
		host.flush(); // the caller may block next
		return this;
	}

	/**
	 * Resolves with true when the thread has ended, however it did, with false when that took longer than `timeout`
	 * milliseconds. Rejects with a ThreadError before the start. (`Thread.join`)
	 */
	async join(options?: WaitOptions): Promise<boolean> {
		const { host } = this.#started('join');
		const hasEnded = await this.#job.whileAwaited(host, waitFor(host.exited, options));
		return hasEnded || !this.isAlive; // the exit event may be still to come
	}

	/** The same, blocking this thread: its event loop does not turn meanwhile. */
	joinSync(options?: SyncWaitOptions): boolean {
		const timeout = readTimeout(options);
		const { record } = this.#started('join');
		return Registry.ours().waitForDeath(record, timeout, sendAll);
	}

	get name(): string {
		return this.#name;
	}

	/** Ended with the one that started it instead of waited for. */
	get daemon(): boolean {
		return this.#daemon;
	}

	/** Started and not ended yet. (`Thread.is_alive`) */
	get isAlive(): boolean {
		return (
			this.#running !== null &&
			this.#running.host.exit === null &&
			Registry.ours().isAlive(this.#running.record)
		);
	}

	/** A number no other living thread of the process has; null before the start. (`Thread.ident`) */
	get ident(): number | null {
		return this.#running?.record ?? null;
	}

	/** The kernel's id of the thread on Linux; null elsewhere and until it runs. (`Thread.native_id`) */
	get nativeId(): number | null {
		return this.#running === null ? null : Registry.ours().tidOf(this.#running.record);
	}

	/**
	 * Ends the thread wherever it is, which Python does not allow: what it held is marked abandoned, `result` rejects
	 * with a ThreadExitError. Resolves when it is gone; need not be awaited, and may be called again.
	 */
	async terminate(): Promise<void> {
		const { host } = this.#started('terminate');
		await this.#job.whileAwaited(host, host.terminate());
	}

	toString(): string {
		const state = this.#running === null ? 'initial' : this.isAlive ? 'started' : 'stopped';
		return `Thread(${this.name}, ${state}${this.daemon ? ', daemon' : ''})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	/** Waits for the thread; a daemon is terminated first. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#running === null) return;
		if (this.daemon) await this.terminate();
		await this.join();
	}

	#started(verb: string): Running {
		if (this.#running === null)
			throw new ThreadError(`cannot ${verb} ${this.name} before it is started: call start() first`);
		return this.#running;
	}

	#asOurs({ exit }: HostExitError): Error {
		return new ThreadExitError(`${this.name} ${howItEnded(exit)} before its target returned`, exit);
	}
}
