import { availableParallelism } from 'node:os';
import { here, realm } from '@conc/core';
import { children, type Process } from './process.js';

/** The process that asks, as it sees itself. */
export interface CurrentProcess {
	/** `MainProcess` in the root. */
	readonly name: string;
	readonly pid: number;
	readonly daemon: boolean;
	readonly isAlive: true;
}

/** The process that started this one. */
export interface ParentProcess {
	readonly name: string;
	readonly pid: number;
	readonly isAlive: boolean;
}

/** The process that asks. (`multiprocessing.current_process`) */
export function currentProcess(): CurrentProcess {
	return realm('current process', () => {
		const { name, daemon } = here().process;
		return { name, pid: process.pid, daemon, isAlive: true };
	});
}

/** The process that started this one, null in the root. (`multiprocessing.parent_process`) */
export function parentProcess(): ParentProcess | null {
	const { parentPid, parentName } = here();
	if (parentPid === null) return null;
	return {
		name: parentName ?? 'MainProcess',
		pid: parentPid,
		// A child whose parent is gone belongs to another one.
		get isAlive() {
			return process.ppid === parentPid;
		},
	};
}

/** The processes started here that have not ended. (`multiprocessing.active_children`) */
export function activeChildren(): Process[] {
	return [...children()].filter((child) => child.isAlive);
}

/** How many processors this process may use, the default size of a pool. (`multiprocessing.cpu_count`) */
export function cpuCount(): number {
	return availableParallelism();
}
