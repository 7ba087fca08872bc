import { pathToFileURL } from 'node:url';
import { Tinypool } from 'tinypool';
import { type Kind, type Peer, serialization, workerFile } from './peer.js';

export const tinypool = [peer('thread'), peer('process')];

function peer(kind: Kind): Peer {
	return {
		name: 'tinypool',
		kind,
		open(workers, task) {
			const pool = new Tinypool({
				filename: pathToFileURL(workerFile('tinypool')).href,
				name: task,
				runtime: kind === 'thread' ? 'worker_threads' : 'child_process',
				serialization: serialization(task),
				minThreads: workers,
				maxThreads: workers,
			});
			return {
				call: (value, transferList) => pool.run(value, transferList && { transferList }),
				close: () => pool.destroy(),
			};
		},
	};
}
