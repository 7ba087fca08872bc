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
}

/** Who the calling thread is. A thread that @conc did not start is like the main one. */
export const here = () =>
	realm<Here>('here', () => ({
		kind: 'main',
		name: 'MainThread',
		daemon: false,
		runs: 'many',
		path: [],
		parentPid: null,
		parentName: null,
	}));
