import { Pool, ThreadPool } from '@conc/pool';
import type { Case } from '../measure.js';
import { synckit } from '../peers/synckit.js';
import { oneByOne } from './flow.js';

const TRIPS = 2_000;

/** A call that blocks the caller until the worker has answered. */
export const blockingCall: Case = {
	name: 'round trip of a call that blocks',
	unit: 'time',
	contenders: () => {
		const pool = new ThreadPool(1);
		const processes = new Pool(1);
		const theirs = synckit();
		const next = (n: number) => n + 1;
		return [
			{
				name: 'ThreadPool.applySync',
				is: 'ours',
				run: oneByOne(TRIPS, () => pool.applySync(next, [1])),
				close: () => pool.terminate(),
			},
			{
				name: 'Pool.applySync',
				is: 'ours',
				run: oneByOne(TRIPS, () => processes.applySync(next, [1])),
				close: () => processes.terminate(),
			},
			{ name: 'synckit', is: 'peer', run: oneByOne(TRIPS, () => theirs(1)) },
		];
	},
};
