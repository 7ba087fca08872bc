import { createSyncFn } from 'synckit';
import { workerFile } from './peer.js';

/** A call that blocks until another thread has answered. */
export function synckit(): (n: number) => number {
	return createSyncFn<(n: number) => number>(workerFile('synckit'));
}
