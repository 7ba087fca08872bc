import {
	type Call,
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
import type { PoolOptions } from '../options.js';
import type { Task } from '../submit/task.js';

export type Medium = 'thread' | 'process';

/** The longest time Node's timers can take. */
const LONGEST_MS = 2 ** 31 - 1;

const numbers = () => realm('pool worker numbers', () => ({ process: 1, thread: 1 }));

/** A host that runs one task of a pool after the other. */
export class Worker {
	readonly host: Host;
	readonly #prepared = new Map<string, Prepared>();
	/** How many tasks it has been given. */
	tasks = 0;
	/** It gets no more tasks. */
	isLeaving = false;
	/** The task it runs. */
	current: Task | null = null;
	/** The reason why the present task's worker is being ended, where the caller or a time limit wants it. */
	#verdict: { readonly error: unknown; readonly isCallers: boolean } | null = null;

	constructor(medium: Medium, options: PoolOptions) {
		this.host = startHost(medium, options);
		this.host.unref(); // a worker with nothing to do keeps nobody waiting
	}

	/**
	 * Runs a task to its end and settles it, whatever happens to the worker. False when the worker was dead already, and
	 * the task has not begun: then another worker may have it.
	 */
	async run(task: Task): Promise<boolean> {
		this.tasks++;
		this.current = task;
		task.state = 'running';
		this.host.ref();
		const stopClock = this.#startClock(task);
		try {
			task.resolve(await this.#call(task.call));
		} catch (error) {
			if (this.#verdict !== null) task.reject(this.#verdict.error, this.#verdict.isCallers);
			else if (error instanceof HostExitError && !error.mayHaveRun && error.exit.reason !== 'failed-to-start') {
				task.state = 'queued';
				return false;
			} else task.reject(error instanceof HostExitError ? this.#crash(error, task) : error);
		} finally {
			stopClock();
			this.current = null;
			this.host.unref();
		}
		return true;
	}

	/** Ends the worker with the task it runs, which is rejected with `error`. */
	stop(error: unknown, isCallers: boolean): void {
		this.isLeaving = true;
		this.host.ref(); // someone waits for its end
		this.#verdict ??= { error, isCallers };
		void this.host.terminate('SIGKILL');
	}

	/** Lets the far side forget what was prepared for a map that is over. */
	release(prepared: Prepared): void {
		if (this.#prepared.delete(prepared.id)) this.host.release(prepared);
	}

	#call(call: Call): Promise<unknown> {
		const { constant } = call;
		if (constant !== null && 'isTemporary' in constant) {
			const prepared = constant as Prepared;
			if (prepared.isTemporary) this.#prepared.set(prepared.id, prepared);
		}
		return this.host.run(call);
	}

	#startClock(task: Task): () => void {
		if (task.timeout > LONGEST_MS) return () => {};
		let timer: NodeJS.Timeout | undefined;
		let isOver = false;
		const message = `${task.name} ran longer than its timeout of ${task.timeout} ms`;
		// The start of the worker is not the task's time.
		void this.host.ready.then(() => {
			if (!isOver) timer = setTimeout(() => this.stop(new TimeoutError(message), false), task.timeout);
		});
		return () => {
			isOver = true;
			clearTimeout(timer);
		};
	}

	#crash({ exit }: HostExitError, task: Task): WorkerCrashedError {
		const { name, id, medium } = this.host;
		const who = `${name} (${medium === 'process' ? 'pid' : 'thread'} ${id})`;
		return new WorkerCrashedError(
			`${who} ${howItEnded(exit)} while it ran ${task.name}`,
			exit,
			id,
			task.name,
		);
	}
}

function startHost(medium: Medium, { resourceLimits, env, execArgv }: PoolOptions): Host {
	const name = `${medium === 'process' ? 'PoolWorker' : 'ThreadPoolWorker'}-${numbers()[medium]++}`;
	const options = { name, daemon: true, runs: 'many' as const, keepsStderr: true, resourceLimits, env, execArgv };
	return medium === 'process'
		? startProcess(options, here().path).host
		: startThread(options, here().path).host;
}
