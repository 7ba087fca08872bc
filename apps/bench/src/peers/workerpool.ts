import workerpool from 'workerpool';
import { type Kind, type Peer, serialization, workerFile } from './peer.js';

export const workerpools = [peer('thread'), peer('process')];

function peer(kind: Kind): Peer {
	return {
		name: 'workerpool',
		kind,
		open(workers, task) {
			const pool = workerpool.pool(workerFile('workerpool'), {
				workerType: kind,
				minWorkers: workers,
				maxWorkers: workers,
				forkOpts: { serialization: serialization(task) },
			});
			return {
				call: (value, transfer) => pool.exec(task, [value], transfer && { transfer }),
				close: async () => {
					await pool.terminate(true);
				},
			};
		},
	};
}
