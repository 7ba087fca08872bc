import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool, ThreadPool } from '@conc/pool';
import { afterEach } from 'vitest';

export const kinds = [Pool, ThreadPool].map((Kind) => ({ name: Kind.name, Kind }));

const made: (Pool | ThreadPool)[] = [];
const directories: string[] = [];

/** A pool that is terminated after the test. */
export function track<P extends Pool | ThreadPool>(pool: P): P {
	made.push(pool);
	return pool;
}

afterEach(async () => {
	await Promise.all(made.splice(0).map((pool) => pool.terminate()));
	for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Names files of an empty directory that is gone after the test. */
export function files(): (name: string | number) => string {
	const directory = mkdtempSync(join(tmpdir(), 'conc-pool-'));
	directories.push(directory);
	return (name) => join(directory, String(name));
}

/** Waits for what another thread or process does. */
export async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The same with no turn of the event loop here meanwhile; throws instead of hanging. */
export function blockUntil(condition: () => boolean): void {
	const word = new Int32Array(new SharedArrayBuffer(4));
	for (const from = performance.now(); !condition(); Atomics.wait(word, 0, 0, 2))
		if (performance.now() - from > 20_000)
			throw new Error('what another thread or process does did not come');
}

export const there = (...paths: string[]) => until(() => paths.every((path) => existsSync(path)));

/** The items until the end, and the error that ended them. */
export async function drain<T>(items: AsyncIterable<T>): Promise<{ results: T[]; error: unknown }> {
	const results: T[] = [];
	try {
		for await (const item of items) results.push(item);
		return { results, error: undefined };
	} catch (error) {
		return { results, error };
	}
}

/** To be run by a worker: which one it is. */
export const whoami = async () => `${process.pid}/${(await import('node:worker_threads')).threadId}`;

/** Whether a process runs; one that nobody has waited for yet does not. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/** Sends a signal to one process; 0 and negative numbers would be whole groups. */
export function kill(pid: number, signal: NodeJS.Signals): void {
	if (!(pid > 1)) throw new RangeError(`${pid} is no process of a test`);
	process.kill(pid, signal);
}

/** What a promise is rejected with. */
export const errorOf = (promise: PromiseLike<unknown>): Promise<Error> =>
	Promise.resolve(promise).then(
		() => Promise.reject(new Error('it was not rejected')),
		(error) => error,
	);
