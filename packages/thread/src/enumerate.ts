import { Registry } from '@conc/core';
import { currentThread } from './current.js';
import { handleOf, type ThreadHandle } from './handle.js';

/**
 * The threads of this process that live: the main thread, Threads that have been started and have not ended, whoever
 * started them, threads of pools, and each `Worker` of Node's own that has used @conc. A Thread that the caller started is itself among
 * them. (`threading.enumerate`)
 */
export function enumerate(): ThreadHandle[] {
	const registry = Registry.ours();
	const self = currentThread(); // it is among them from now on
	return registry.listed().flatMap((ident) => {
		if (ident === self.ident) return [self];
		const label = registry.labelOf(ident);
		return label === null ? [] : [handleOf(ident, label)]; // it may have ended this very moment
	});
}

/** How many they are. (`threading.active_count`) */
export function activeCount(): number {
	return enumerate().length;
}
