import { Worker } from 'jest-worker';
import type { TaskName } from '../tasks.js';
import { type Kind, type Peer, serialization, workerFile } from './peer.js';

type Methods = Record<TaskName, (value: unknown) => Promise<unknown>>;

export const jestWorker = [peer('thread'), peer('process')];

function peer(kind: Kind): Peer {
	return {
		name: 'jest-worker',
		kind,
		open(workers, task) {
			const farm = new Worker(workerFile('jest-worker'), {
				exposedMethods: [task],
				numWorkers: workers,
				enableWorkerThreads: kind === 'thread',
				forkOptions: { serialization: serialization(task) },
			}) as Worker & Methods;
			return { call: (value) => farm[task](value), close: () => farm.end() };
		},
	};
}
