import {
	brand,
	type Host,
	type HostExitError,
	here,
	howItEnded,
	Job,
	makeCall,
	Registry,
	report,
	startThread,
	takeArrivedReports,
	takeReportsWhole,
	type WaitOptions,
	waitFor,
} from '@conc/core';
import { ThreadError, ThreadExitError } from './errors.js';
import { ThreadHandle } from './handle.js';
import { checkOptions, type ThreadOptions } from './options.js';

type Target<A extends unknown[], R> = (...args: A) => R;

/**
 * A function that runs in a thread of this process. (`threading.Thread`)
 *
 * The function is any function, inline ones with what they capture included; it and its arguments cross as they are
 * when `start()` is called. An error it throws is reported on stderr as `Exception in thread NAME:`, or as `setExcepthook` says, and
 * rejects `result`; it ends this thread and nothing else. A thread that is not a daemon keeps the process alive until its
 * function is done.
 *
 *     const thread = new Thread({ target: (n) => fib(n), args: [30], name: 'fib' }).start();
 *     console.log(await thread.result);
 */
// biome-ignore lint/suspicious/noExplicitAny: a Thread of unknown arguments must take any target
export class Thread<A extends unknown[] = any, R = unknown> extends ThreadHandle {
	/**
	 * What the target returned. Rejects with its error, or with a ThreadExitError when the thread ended before. It is
	 * not an unhandled rejection by itself; the report on stderr is.
	 */
	readonly result: Promise<Awaited<R>>;
	readonly #options: ThreadOptions;
	readonly #job: Job<Awaited<R>>;
	/** Let go of at the start, so that nothing keeps the arguments. */
	#work: { readonly target: Target<A, R>; readonly args: Readonly<A> } | null;
	#host: Host | null = null;

	constructor(options: ThreadOptions & { target: () => R; args?: readonly [] });
	constructor(options: ThreadOptions & { target: (...args: A) => R; args: Readonly<A> });
	constructor(options: ThreadOptions & { target: Target<A, R>; args?: Readonly<A> }) {
		checkOptions(options);
		const { target, args = [] as unknown as A, ...rest } = options;
		const { name, daemon, signal } = rest;
		super(
			null,
			name ?? `Thread-${Registry.ours().nextNumber()}`,
			daemon ?? (here().kind === 'thread' && here().daemon),
		);
		if ('run' in this)
			throw new TypeError('a Thread runs its target: pass { target } instead of overriding run()');
		this.#work = { target, args };
		this.#options = rest;
		this.#job = new Job({ signal, daemon: this.daemon });
		this.result = this.#job.result;
		this.result.catch(() => takeArrivedReports()); // the first to know: before anybody goes on, the hook has been called
	}

	/**
	 * Starts the thread, once. Throws a ThreadError when it was started before, a CaptureError when the target or an
	 * argument cannot cross; then it is not started. (`Thread.start`)
	 */
	start(): this {
		if (this.#work === null)
			throw new ThreadError(`${this.name} was started before: a thread runs once, make another one`);
		const { target, args } = this.#work;
		const { transfer, resourceLimits, stdout, stderr } = this.#options;
		this.#job.refuseAborted();
		const { name, daemon } = this;
		const options = { name, daemon, runs: 'one' as const, resourceLimits, stdout, stderr };
		// Before anything is started, as it may be refused.
		const call = makeCall(target as (...args: never[]) => unknown, args, 'thread', { transfer });
		const { host, record } = startThread(options, here().path);
		this.#job.run(host, call, (error) => this.#asOurs(error));
		this.#work = null;
		this.#host = host;
		this.become(record);
		host.flush(); // the caller may block next
		return this;
	}

	/**
	 * Resolves with true when the thread has ended, however it did, with false when that took longer than `timeout`
	 * milliseconds. Rejects with a ThreadError before the start. (`Thread.join`)
	 */
	override async join(options?: WaitOptions): Promise<boolean> {
		const host = this.#started('join');
		const hasEnded = await this.#job.whileAwaited(host, waitFor(host.exited.then(takeReportsWhole), options));
		return hasEnded || !this.isAlive; // the exit event may be still to come
	}

	override get isAlive(): boolean {
		return this.#host?.exit === null && super.isAlive;
	}

	/**
	 * Ends the thread wherever it is, which Python does not allow: what it held is marked abandoned, `result` rejects
	 * with a ThreadExitError. Resolves when it is gone; need not be awaited, and may be called again.
	 */
	async terminate(): Promise<void> {
		const host = this.#started('terminate');
		await this.#job.whileAwaited(host, host.terminate());
	}

	/** Waits for the thread; a daemon is terminated first. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#host === null) return;
		if (this.daemon) await this.terminate();
		await this.join();
	}

	#started(verb: string): Host {
		if (this.#host === null)
			throw new ThreadError(`cannot ${verb} ${this.name} before it is started: call start() first`);
		return this.#host;
	}

	#asOurs({ exit }: HostExitError): Error {
		const error = new ThreadExitError(`${this.name} ${howItEnded(exit)} before its target returned`, exit);
		// Any other error the thread itself has reported.
		if (exit.reason === 'out-of-memory' || exit.reason === 'failed-to-start') {
			const { name, daemon } = this;
			report({ error, thread: this.ident as number, label: { name, daemon } });
		}
		return error;
	}
}
brand(Thread, '@conc/thread:Thread');
