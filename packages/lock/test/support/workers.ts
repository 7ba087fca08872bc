import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Medium, type Shareable, share } from '@conc/core';
import { afterEach } from 'vitest';

/** How messages call such a party: by its own name, or by that of its process. */
export const partyName = /(Worker-\d+|MainProcess \(pid \d+\))/.source;

/** What the other parties of a test are: threads of this process, or processes of their own. */
export const media: readonly Medium[] = ['thread', 'process'];

const running = new Set<Started>();

afterEach(async () => {
	await Promise.all([...running].map((started) => started.end()));
});

/** A worker or process running a fixture, and what it posts, in order. */
export class Started {
	readonly #child: ChildProcess | Worker;
	readonly #exited: Promise<void>;
	readonly #posted: unknown[] = [];
	readonly #asked: ((message: unknown) => void)[] = [];

	constructor(fixture: string, data: Record<string, unknown>, medium: Medium) {
		const url = new URL(`../fixtures/${fixture.includes('.') ? fixture : `${fixture}.mjs`}`, import.meta.url);
		const crossed = crossing(data, medium);
		const isToRunOut = /out of memory/.test(String(data.how));
		this.#child =
			medium === 'thread' ? inThread(url, crossed, isToRunOut) : inProcess(url, crossed, isToRunOut);
		this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
		(this.#child as Worker).on('message', (message) => {
			const ask = this.#asked.shift();
			if (ask === undefined) this.#posted.push(message);
			else ask(message);
		});
		running.add(this);
	}

	/** What it posts next. */
	next(): Promise<unknown> {
		if (this.#posted.length > 0) return Promise.resolve(this.#posted.shift());
		return new Promise((resolve) => this.#asked.push(resolve));
	}

	tell(message: unknown): void {
		if (this.#child instanceof Worker) this.#child.postMessage(message);
		else this.#child.send(message as object);
	}

	/** Ends it now: a process is killed. */
	async end(): Promise<void> {
		running.delete(this);
		if (this.#child instanceof Worker) await this.#child.terminate();
		else {
			this.#child.kill('SIGKILL');
			await this.#exited;
		}
	}

	/** Settles when it has ended by itself. */
	ended(): Promise<unknown> {
		return this.#exited;
	}

	get pid(): number | undefined {
		return this.#child instanceof Worker ? undefined : this.#child.pid;
	}
}

export type Start = (fixture: string, data?: Record<string, unknown>) => Started;

export function start(fixture: string, data: Record<string, unknown> = {}): Started {
	return new Started(fixture, data, 'thread');
}

export function startProcess(fixture: string, data: Record<string, unknown> = {}): Started {
	return new Started(fixture, data, 'process');
}

export function startIn(medium: Medium): Start {
	return medium === 'thread' ? start : startProcess;
}

function inThread(url: URL, workerData: object, isToRunOut: boolean): Worker {
	const worker = new Worker(url, {
		workerData,
		// Where memory is to run out. Elsewhere it would only keep the collector busy.
		...(isToRunOut && { resourceLimits: { maxOldGenerationSizeMb: 16 } }),
	});
	worker.on('error', (error) => {
		if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
	});
	return worker;
}

const entry = fileURLToPath(new URL('../fixtures/process-entry.mjs', import.meta.url));

function inProcess(url: URL, data: object, isToRunOut: boolean): ChildProcess {
	// One in CommonJS is a program by itself.
	const isProgram = url.pathname.endsWith('.cjs');
	const child = fork(isProgram ? fileURLToPath(url) : entry, isProgram ? [] : [url.href], {
		serialization: 'advanced',
		execArgv: isToRunOut ? ['--max-old-space-size=16'] : [],
		// The last words of one whose memory runs out are many.
		stdio: ['ignore', 'inherit', isToRunOut ? 'ignore' : 'inherit', 'ipc'],
	});
	child.send(data);
	return child;
}

/** The data with the handles of what is shared. */
export function crossing(data: Record<string, unknown>, medium: Medium = 'thread'): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(data).map(([key, value]) => [key, isShareable(value) ? value[share](medium) : value]),
	);
}

function isShareable(value: unknown): value is Shareable {
	return typeof value === 'object' && value !== null && share in value;
}
