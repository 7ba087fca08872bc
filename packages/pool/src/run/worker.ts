import {
	type Call,
	type Caller,
	type Exit,
	type Host,
	HostExitError,
	here,
	howItEnded,
	type Prepared,
	realm,
	startProcess,
	startThread,
	TimeoutError,
} from '@conc/core';
import { WorkerCrashedError } from '../errors.js';
import type { PoolSettings } from '../options.js';
import type { Task } from '../submit/task.js';

export type Medium = 'thread' | 'process';

/** The longest time Node's timers can take. */
const LONGEST_MS = 2 ** 31 - 1;

/** A worker that was stopped and is still there after so long is not waited for: a thread in a native call is. */
const STUCK_MS = 5_000;

/** Where a pool has no name of its own. */
const names = { process: 'PoolWorker', thread: 'ThreadPoolWorker' };

const numbers = () => realm('pool worker numbers', () => new Map<string, number>());

/** A host that runs one task of a pool after the other. */
export class Worker {
	readonly host: Host;
	readonly #prepared = new Map<string, Prepared>();
	/** How many tasks it has been given. */
	tasks = 0;
	/** It gets no more tasks and is about to end, because the pool wants it. */
	isLeaving = false;
	/** The task it runs. */
	current: Task | null = null;
	/** Resolves when it has ended, or when it is stuck and given up. */
	readonly gone: Promise<void>;
	#giveUp: () => void = () => {};
	/** Ends the run that is under way as the end of the worker does. */
	#lose: (exit: Exit) => void = () => {};
	/** When its task began, where that is known. */
	#begunAt: number | null = null;
	#idleTimer: NodeJS.Timeout | undefined;

	constructor(medium: Medium, settings: PoolSettings) {
		this.host = startHost(medium, settings);
		this.host.unref(); // a worker with nothing to do keeps nobody waiting
		this.gone = new Promise((resolve) => {
			this.#giveUp = resolve;
			void this.host.exited.then(() => {
				this.rouse();
				resolve();
			});
		});
	}

	/**
	 * Runs a task to its end, whatever happens to the worker, and then calls `ended` with what settles it; with null when
	 * the worker died and the task has not begun: then another worker may have it.
	 */
	run(task: Task, ended: (settle: (() => void) | null) => void): void {
		this.current = task;
		task.state = 'running';
		this.host.ref();
		this.#begunAt = null;
		const stopClock = this.#startClock(task);
		const end = (settle: (() => void) | null) => {
			if (this.current !== task) return; // the worker was given up
			stopClock();
			this.current = null;
			if (!this.isLeaving) this.host.unref();
			ended(settle);
		};
		this.#call(task.call, {
			resolve: (value) => end(() => task.resolve(value)),
			reject: (error) => end(this.#failure(task, error)),
			opening: () => {
				task.isOpening = true;
			},
		});
		this.#lose = (exit) => end(this.#failure(task, this.host.exitError(exit, task.call)));
	}

	/** Does what the event loop would do for its task, for a caller who blocks; false when there was nothing to do. */
	attend(): boolean {
		const moved = this.host.pump();
		const task = this.current;
		if (task === null || !this.host.isReady) return moved;
		const now = performance.now();
		this.#begunAt ??= now;
		if (now - this.#begunAt > task.timeout && !task.isCondemned) this.#expire(task);
		return moved;
	}

	/** How it ended, if it has, though no event has told yet; then its task is dealt with. */
	lose(): Exit | null {
		const { ending } = this.host;
		if (ending === null) return null;
		this.host.pump(); // what it sent before
		this.isLeaving = true;
		this.rouse();
		this.#lose(ending);
		return ending;
	}

	#failure(task: Task, error: unknown): (() => void) | null {
		if (!(error instanceof HostExitError)) return () => task.reject(error);
		const { exit, mayHaveRun } = error;
		// What was moved to it is gone with it.
		const isWhole = task.call.payload.moved.length === 0;
		if (task.isCondemned || mayHaveRun || !isWhole) return () => task.reject(this.crash(exit, task));
		task.state = 'queued';
		return null;
	}

	/** It has nothing to do: calls `weary` when that has been so for `ms`, and again each time after. */
	rest(ms: number, weary: () => void): void {
		if (ms > LONGEST_MS) return;
		this.#idleTimer = setInterval(weary, ms).unref();
	}

	/** It has something to do again. */
	rouse(): void {
		clearInterval(this.#idleTimer);
	}

	/** Lets it end by itself. */
	leave(): void {
		this.rouse();
		this.isLeaving = true;
		this.host.ref(); // whoever joins waits for its end
		this.host.end();
	}

	/** Ends it at once. The task it runs is rejected when it is gone, as its verdict says. */
	stop(): void {
		this.rouse();
		this.isLeaving = true;
		this.host.ref();
		void this.host.terminate('SIGKILL');
		const timer = setTimeout(() => {
			this.current?.reject(this.crash({ exitCode: 1, signalCode: null, reason: 'terminated' }, this.current));
			this.host.unref();
			this.#giveUp();
		}, STUCK_MS);
		void this.gone.then(() => clearTimeout(timer));
	}

	/** Lets the far side forget what was prepared for a map that is over. */
	release(prepared: Prepared): void {
		if (this.#prepared.delete(prepared.id)) this.host.release(prepared);
	}

	/** What its end is to the task it ran, or to the pool. */
	crash(exit: Exit, task: Task | null): WorkerCrashedError {
		const { name, id, medium } = this.host;
		const who = `${name} (${medium === 'process' ? 'pid' : 'thread'} ${id})`;
		const when = task === null ? '' : ` while it ran ${task.name}`;
		return new WorkerCrashedError(`${who} ${howItEnded(exit)}${when}`, exit, id, task?.name ?? '');
	}

	#call(call: Call, caller: Caller): void {
		const { constant } = call;
		if (constant !== null && 'isTemporary' in constant) {
			const prepared = constant as Prepared;
			if (prepared.isTemporary) this.#prepared.set(prepared.id, prepared);
		}
		this.host.run(call, caller);
	}

	#expire(task: Task): void {
		const message = `${task.name} ran longer than its timeout of ${task.timeout} ms`;
		task.condemn(new TimeoutError(message), false);
		this.stop();
	}

	#startClock(task: Task): () => void {
		if (task.timeout > LONGEST_MS) return () => {};
		let timer: NodeJS.Timeout | undefined;
		let isOver = false;
		const end = () => {
			if (!isOver) this.#expire(task);
		};
		// The start of the worker is not the task's time; and what arrived while this thread was busy counts as in time.
		void this.host.ready.then(() => {
			if (isOver) return;
			this.#begunAt ??= performance.now();
			timer = setTimeout(() => setImmediate(end), task.timeout);
		});
		return () => {
			isOver = true;
			clearTimeout(timer);
		};
	}
}

function startHost(
	medium: Medium,
	{ name = names[medium], resourceLimits, env, execArgv }: PoolSettings,
): Host {
	const number = (numbers().get(name) ?? 0) + 1;
	numbers().set(name, number);
	const options = {
		name: `${name}-${number}`,
		daemon: true,
		runs: 'many' as const,
		keepsStderr: true,
		resourceLimits,
		env,
		execArgv,
	};
	return medium === 'process'
		? startProcess(options, here().path).host
		: startThread(options, here().path).host;
}
