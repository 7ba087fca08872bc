import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';
import { type Peer, workerFile } from './peer.js';

export const piscina = peer('piscina', 1);

/** The same, allowed to hand a worker more than one task at a time. */
export const piscinaAhead = peer('piscina, 32 a worker', 32);

function peer(name: string, concurrentTasksPerWorker: number): Peer {
	return {
		name,
		kind: 'thread',
		open(workers, task) {
			const pool = new Piscina({
				filename: pathToFileURL(workerFile('piscina')).href,
				name: task,
				minThreads: workers,
				maxThreads: workers,
				concurrentTasksPerWorker,
			});
			return {
				call: (value, transferList) => pool.run(value, transferList && { transferList }),
				close: () => pool.destroy(),
			};
		},
	};
}
