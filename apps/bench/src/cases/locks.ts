import { Lock } from '@conc/lock';
import type { Case } from '../measure.js';

const TIMES = 1_000_000;

/** A lock nobody else wants. */
export const uncontendedLock: Case = {
	name: 'acquire and release an uncontended lock',
	unit: 'rate',
	contenders: () => {
		const lock = new Lock();
		return [
			{
				name: 'acquireSync',
				run() {
					for (let i = 0; i < TIMES; i++) {
						lock.acquireSync();
						lock.release();
					}
					return TIMES;
				},
			},
			{
				name: 'await acquire',
				async run() {
					for (let i = 0; i < TIMES / 10; i++) {
						await lock.acquire();
						lock.release();
					}
					return TIMES / 10;
				},
			},
		];
	},
};
