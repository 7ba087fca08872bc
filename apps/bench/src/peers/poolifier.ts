import { fileURLToPath } from 'node:url';
import { FixedClusterPool, FixedThreadPool } from 'poolifier';
import { type Peer, serialization } from './peer.js';

const FILE = fileURLToPath(new URL('./cjs/poolifier.cjs', import.meta.url)); // as seen from dist

export const poolifier: Peer[] = [
	{
		name: 'poolifier',
		kind: 'thread',
		open(workers, task) {
			const pool = new FixedThreadPool(workers, FILE);
			return {
				call: (value, transfer) => pool.execute(value, task, undefined, transfer),
				close: () => pool.destroy(),
			};
		},
	},
	{
		name: 'poolifier',
		kind: 'process',
		open(workers, task) {
			const pool = new FixedClusterPool(workers, FILE, {
				settings: { serialization: serialization(task) },
			});
			return { call: (value) => pool.execute(value, task), close: () => pool.destroy() };
		},
	},
];
