import { Worker } from 'node:worker_threads';
import { type Shareable, share } from '@conc/core';
import { afterEach } from 'vitest';

const running = new Set<Started>();

afterEach(async () => {
	await Promise.all([...running].map((started) => started.end()));
});

/** A worker running a fixture, and what it posts, in order. */
export class Started {
	readonly worker: Worker;
	readonly #posted: unknown[] = [];
	readonly #asked: ((message: unknown) => void)[] = [];

	constructor(fixture: string, data: Record<string, unknown>) {
		this.worker = new Worker(new URL(`../fixtures/${fixture}.mjs`, import.meta.url), {
			workerData: crossing(data),
			// Where memory is to run out. Elsewhere it would only keep the collector busy.
			...(/out of memory/.test(String(data.how)) && { resourceLimits: { maxOldGenerationSizeMb: 16 } }),
		});
		this.worker.on('message', (message) => {
			const ask = this.#asked.shift();
			if (ask === undefined) this.#posted.push(message);
			else ask(message);
		});
		this.worker.on('error', (error) => {
			if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
		});
		running.add(this);
	}

	/** What it posts next. */
	next(): Promise<unknown> {
		if (this.#posted.length > 0) return Promise.resolve(this.#posted.shift());
		return new Promise((resolve) => this.#asked.push(resolve));
	}

	/** Ends it now. */
	async end(): Promise<void> {
		running.delete(this);
		await this.worker.terminate();
	}

	/** Settles when it has ended by itself. */
	ended(): Promise<unknown> {
		return new Promise((resolve) => this.worker.once('exit', resolve));
	}
}

export function start(fixture: string, data: Record<string, unknown> = {}): Started {
	return new Started(fixture, data);
}

/** The data with the handles of what is shared. */
export function crossing(data: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(data).map(([key, value]) => [key, isShareable(value) ? value[share]('thread') : value]),
	);
}

function isShareable(value: unknown): value is Shareable {
	return typeof value === 'object' && value !== null && share in value;
}
