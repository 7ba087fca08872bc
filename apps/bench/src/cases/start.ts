import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Process } from '@conc/process';
import { Thread } from '@conc/thread';
import type { Case } from '../measure.js';

/** A thread started and joined, beside Node's own. */
export const threadStart: Case = {
	name: 'start and join a thread',
	unit: 'time',
	contenders: () => [
		{
			name: 'Thread',
			is: 'ours',
			run: () =>
				new Thread({ target: () => {} })
					.start()
					.join()
					.then(() => 1),
		},
		{
			name: 'new Worker',
			is: 'limit',
			run: () => once(new Worker('', { eval: true }), 'exit').then(() => 1),
		},
	],
};

/** A process started and joined, beside Node's own. */
export const processStart: Case = {
	name: 'start and join a process',
	unit: 'time',
	contenders: () => [
		{
			name: 'Process',
			is: 'ours',
			run: () =>
				new Process({ target: () => {} })
					.start()
					.join()
					.then(() => 1),
		},
		{
			name: 'spawn',
			is: 'limit',
			run: () => once(spawn(process.execPath, ['-e', '0']), 'exit').then(() => 1),
		},
	],
};
