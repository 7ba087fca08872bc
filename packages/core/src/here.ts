import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { realm } from './realm.js';

/** What a thread or process started by us is to the one that started it. */
export interface Here {
	readonly kind: 'main' | 'thread' | 'process';
	/** `MainThread`, `Thread-1`, `Process-1:2`, `PoolWorker-1`. */
	readonly name: string;
	readonly daemon: boolean;
	/** Runs one call and ends (Thread, Process), or many (a pool's worker). */
	readonly runs: 'one' | 'many';
	/** Which child of which child it is: `[1, 2]` for `Process-1:2`. Threads have their process's. */
	readonly path: readonly number[];
	/** The pid of the process that started this one; null in the root. */
	readonly parentPid: number | null;
	/** The name of the process that started this one. */
	readonly parentName: string | null;
	/** The process this thread is in. */
	readonly process: { readonly name: string; readonly daemon: boolean };
}

const environmentKey = '@conc/core:here';

/** Who the calling thread is. A thread that @conc did not start is like the main one of a root. */
export const here = () =>
	realm<Here>('here', () => ({
		path: [],
		parentPid: null,
		parentName: null,
		process: { name: 'MainProcess', daemon: false },
		...(getEnvironmentData(environmentKey) as Partial<Here> | undefined),
		kind: 'main',
		name: 'MainThread',
		daemon: false,
		runs: 'many',
	}));

/** Says who this thread is, also to threads that @conc will not have started. */
export function settleHere(here: Here): void {
	realm('here', () => here);
	const { path, parentPid, parentName, process } = here;
	setEnvironmentData(environmentKey, { path, parentPid, parentName, process });
}

/** How messages call this process: `Process-1 (pid 17)`. */
export function processTitle(): string {
	return `${here().process.name} (pid ${process.pid})`;
}

/** What the calling thread is called: `MainThread`, `Thread-1`, `PoolWorker-1`, and `Worker-1` where Node's own started it. */
export function threadName(): string {
	const { kind, name, runs } = here();
	if (kind === 'thread') return name;
	if (!isMainThread) return `Worker-${threadId}`;
	return kind === 'process' && runs === 'many' ? name : 'MainThread'; // a worker of a pool
}
