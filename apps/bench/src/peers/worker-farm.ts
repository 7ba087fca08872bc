import workerFarm from 'worker-farm';
import { type Peer, serialization, workerFile } from './peer.js';

export const workerFarms = [
	peer('worker-farm', 10), // which is its default
	peer('worker-farm, any number a worker', Number.POSITIVE_INFINITY),
];

function peer(name: string, maxConcurrentCallsPerWorker: number): Peer {
	return {
		name,
		kind: 'process',
		open(workers, task) {
			const options = {
				maxConcurrentWorkers: workers,
				maxConcurrentCallsPerWorker,
				workerOptions: { serialization: serialization(task) },
			};
			const farm = workerFarm(options, workerFile('worker-farm'), [task]);
			const run = farm[task] as workerFarm.Workers;
			return {
				call: (value) =>
					new Promise((resolve, reject) => {
						run(value, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
					}),
				close: () => new Promise((resolve) => workerFarm.end(farm, resolve)),
			};
		},
	};
}
