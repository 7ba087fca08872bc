import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import {
	collectInherited,
	type Ending,
	endingOf,
	type Host,
	type HostExitError,
	here,
	howItEnded,
	type Inherited,
	Job,
	makeCall,
	Registry,
	readTimeout,
	realm,
	type SyncWaitOptions,
	startProcess,
	type WaitOptions,
	waitFor,
	waitForEnd,
} from '@conc/core';
import { ProcessError, ProcessExitError, whyNotStarted } from './errors.js';
import { checkOptions, type ProcessOptions, streamsOf } from './options.js';

type Target<A extends unknown[], R> = (...args: A) => R;

/** The processes started here that have not ended. */
export const children = () => realm('child processes', () => new Set<Process>());

/**
 * A function that runs in a process of its own. (`multiprocessing.Process`)
 *
 * The function is any function, inline ones with what they capture included; it and its arguments cross as they are
 * when `start()` is called. The process ends when the function's promise settles. An error it throws is reported on
 * the child's stderr as `Process NAME:`, gives exit code 1 and rejects `result`. Whatever ends this process, even
 * SIGKILL, ends its children too.
 *
 *     const child = new Process({ target: (name) => console.log(`hello ${name}`), args: ['bob'] }).start();
 *     await child.join();
 */
// biome-ignore lint/suspicious/noExplicitAny: a Process of unknown arguments must take any target
export class Process<A extends unknown[] = any, R = unknown> {
	/**
	 * What the target returned. Rejects with its error, or with a ProcessExitError when the process ended before. It is
	 * not an unhandled rejection by itself; the report on stderr is.
	 */
	readonly result: Promise<Awaited<R>>;
	readonly #path: readonly number[];
	readonly #name: string;
	readonly #daemon: boolean;
	readonly #options: ProcessOptions;
	readonly #job: Job<Awaited<R>>;
	/** Let go of at the start, so that nothing keeps the arguments. */
	#work: { readonly target: Target<A, R>; readonly args: Readonly<A> } | null;
	#host: Host | null = null;
	#child: ChildProcess | null = null;
	#isClosed = false;

	constructor(options: ProcessOptions & { target: () => R; args?: readonly [] });
	constructor(options: ProcessOptions & { target: (...args: A) => R; args: Readonly<A> });
	constructor(options: ProcessOptions & { target: Target<A, R>; args?: Readonly<A> }) {
		checkOptions(options);
		if ('run' in this)
			throw new TypeError('a Process runs its target: pass { target } instead of overriding run()');
		const { target, args = [] as unknown as A, ...rest } = options;
		this.#work = { target, args };
		this.#options = rest;
		this.#path = [...here().path, Registry.ours().nextProcessNumber()];
		this.#name = rest.name ?? `Process-${this.#path.join(':')}`;
		this.#daemon = rest.daemon ?? here().process.daemon;
		this.#job = new Job({ signal: rest.signal, daemon: this.#daemon });
		this.result = this.#job.result;
	}

	/**
	 * Starts the process, once; `pid` is set when this returns. Throws a ProcessError when it was started before, in a
	 * daemon process, and when the system cannot start it; a CaptureError when the target or an argument cannot cross.
	 * (`Process.start`)
	 */
	start(): this {
		this.#refuseClosed();
		if (this.#work === null)
			throw new ProcessError(`${this.name} was started before: a process runs once, make another one`);
		if (here().process.daemon) {
			throw new ProcessError(
				`${here().process.name} is a daemon, and a daemon may not have children: start it with daemon: false`,
			);
		}
		const { target, args } = this.#work;
		const { signal: _, name: __, daemon: ___, ...options } = this.#options;
		this.#job.refuseAborted();
		// Before anything is started, as it may be refused.
		const { made: call, inherited } = collectInherited(() =>
			makeCall(target as (...args: never[]) => unknown, args, 'process'),
		);
		const { host, child } = this.#spawnWith(options, inherited);
		this.#job.run(host, call, (error) => this.#asOurs(error));
		this.#work = null;
		this.#host = host;
		this.#child = child;
		host.pump(); // the caller may block next
		children().add(this);
		void host.exited.then(() => children().delete(this));
		return this;
	}

	/**
	 * Resolves with true when the process has ended, however it did, with false when that took longer than `timeout`
	 * milliseconds. Rejects with a ProcessError before the start. (`Process.join`)
	 */
	async join(options?: WaitOptions): Promise<boolean> {
		const host = this.#started('join');
		const hasEnded = await this.#job.whileAwaited(host, waitFor(host.exited, options));
		return hasEnded || this.#end !== null; // the exit event may be still to come
	}

	/** The same, blocking this thread: its event loop does not turn meanwhile. */
	joinSync(options?: SyncWaitOptions): boolean {
		const timeout = readTimeout(options);
		const host = this.#started('join');
		if (host.exit !== null) return true;
		return waitForEnd(host.id, timeout, () => host.pump());
	}

	get name(): string {
		return this.#name;
	}

	/** Terminated when its parent ends instead of waited for. */
	get daemon(): boolean {
		return this.#daemon;
	}

	/** Started and not ended yet. (`Process.is_alive`) */
	get isAlive(): boolean {
		this.#refuseClosed();
		return this.#host !== null && this.#end === null;
	}

	/** Undefined before the start. (`Process.pid`) */
	get pid(): number | undefined {
		this.#refuseClosed();
		return this.#host?.id;
	}

	/**
	 * Null while it runs; 0 done, 1 uncaught error, n `process.exit(n)`, -N ended by signal N. (`Process.exitcode`)
	 */
	get exitCode(): number | null {
		this.#refuseClosed();
		return this.#end?.exitCode ?? null;
	}

	/** The signal that ended it, else null. */
	get signalCode(): NodeJS.Signals | null {
		this.#refuseClosed();
		return this.#end?.signalCode ?? null;
	}

	/** Sends SIGTERM, and resolves when the process is gone; need not be awaited. (`Process.terminate`) */
	async terminate(): Promise<void> {
		const host = this.#started('terminate');
		await this.#job.whileAwaited(host, host.terminate('SIGTERM'));
	}

	/** Sends SIGKILL, and resolves when the process is gone; need not be awaited. (`Process.kill`) */
	async kill(): Promise<void> {
		const host = this.#started('kill');
		await this.#job.whileAwaited(host, host.terminate('SIGKILL'));
	}

	/** Sends SIGINT, as Ctrl-C does. (`Process.interrupt`) */
	interrupt(): void {
		const host = this.#started('interrupt');
		if (this.#end === null) process.kill(host.id, 'SIGINT');
	}

	/** Says that this object is not used any more. Throws a ProcessError while the process runs. (`Process.close`) */
	close(): void {
		if (!this.#isClosed && this.isAlive) {
			throw new ProcessError(`cannot close ${this.name} while it runs: join() or terminate() it first`);
		}
		this.#isClosed = true;
		this.#work = null;
		children().delete(this);
	}

	toString(): string {
		if (this.#isClosed) return `Process(${this.name}, closed)`;
		const pid = this.#host === null ? '' : `, pid ${this.#host.id}`;
		const end = this.#end;
		const state =
			this.#host === null ? 'initial' : end === null ? 'started' : `stopped, exit code ${end.exitCode}`;
		return `Process(${this.name}${pid}, ${state}${this.daemon ? ', daemon' : ''})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	/** Waits for the process; a daemon is terminated first. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#isClosed || this.#host === null) return;
		if (this.daemon) await this.terminate();
		await this.join();
	}

	/** How it ended, also where the event loop has not come round to it. */
	get #end(): Ending | null {
		if (this.#host === null) return null;
		const { exitCode, signalCode } = this.#child as ChildProcess;
		if (this.#host.exit !== null) return this.#host.exit;
		if (exitCode !== null) return { exitCode, signalCode: null };
		if (signalCode !== null) return { exitCode: -constants.signals[signalCode], signalCode };
		return endingOf(this.#host.id);
	}

	#spawnWith(options: ProcessOptions, inherited: readonly Inherited[]): ReturnType<typeof startProcess> {
		try {
			return this.#spawn(options, inherited);
		} catch (error) {
			for (const { failed } of inherited) failed();
			throw error;
		}
	}

	#spawn(options: ProcessOptions, inherited: readonly Inherited[]): ReturnType<typeof startProcess> {
		let cause: unknown;
		try {
			const started = startProcess(
				{
					...options,
					stdio: streamsOf(options.stdio),
					name: this.name,
					daemon: this.daemon,
					runs: 'one',
					inherited,
				},
				this.#path,
			);
			if (started.host.id !== -1) return started;
		} catch (error) {
			// What the system says has a name of its call; the rest are wrong options.
			if (!(error instanceof Error && 'syscall' in error)) throw error;
			cause = error;
		}
		throw new ProcessError(
			`the system could not start ${this.name}: ${whyNotStarted(options, cause)}`,
			cause === undefined ? undefined : { cause },
		);
	}

	#started(verb: string): Host {
		this.#refuseClosed();
		if (this.#host === null)
			throw new ProcessError(`cannot ${verb} ${this.name} before it is started: call start() first`);
		return this.#host;
	}

	#refuseClosed(): void {
		if (this.#isClosed) throw new ProcessError(`${this.name} is closed`);
	}

	#asOurs({ exit }: HostExitError): Error {
		const what = `${this.name} (pid ${this.#host?.id})`;
		return new ProcessExitError(`${what} ${howItEnded(exit)} before its target returned`, exit);
	}
}
