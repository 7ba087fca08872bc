import { startProcess, startThread } from '@conc/core';
import { afterEach } from 'vitest';

/** Where a function can run that is not here. */
export type Elsewhere = 'thread' | 'process';
export const elsewhere: readonly Elsewhere[] = ['thread', 'process'];

const started = new Set<Other>();

afterEach(async () => {
	for (const other of started) await other.end();
	started.clear();
});

/** A thread or process that runs one function, and is ended with the test. */
export class Other<R = unknown> {
	readonly result: Promise<R>;
	readonly #host: ReturnType<typeof startThread>['host'];

	constructor(
		medium: Elsewhere,
		target: (...args: never[]) => R | Promise<R>,
		args: readonly unknown[] = [],
	) {
		const options = { name: `a ${medium}`, runs: 'one' } as const;
		this.#host = (medium === 'thread' ? startThread(options, []) : startProcess(options, [1])).host;
		this.result = this.#host.call(target as (...args: unknown[]) => R, args) as Promise<R>;
		this.result.catch(() => {});
		started.add(this as Other);
	}

	/** Ends it at once, as `terminate` does a thread and SIGKILL a process. */
	async end(): Promise<void> {
		await this.#host.terminate('SIGKILL');
	}
}
