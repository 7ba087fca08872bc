import { Lock, RLock, SharedArray, SharedValue } from '@conc/lock';
import { ThreadPool } from '@conc/pool';
import { Mutex } from 'async-mutex';
import type { Case, Contender } from '../measure.js';

const TIMES = 1_000_000;

/** A lock nobody else wants, taken by a thread that may block. */
export const uncontendedLock: Case = {
	name: 'acquireSync and release of a lock nobody else wants',
	unit: 'rate',
	contenders: () => {
		const words = new Int32Array(new SharedArrayBuffer(4));
		const takers = { Lock: new Lock(), RLock: new RLock() };
		return [
			...Object.entries(takers).map(([name, lock]) => ({
				name,
				run() {
					for (let i = 0; i < TIMES; i++) {
						lock.acquireSync();
						lock.release();
					}
					return TIMES;
				},
			})),
			{
				name: 'bare Atomics',
				run() {
					for (let i = 0; i < TIMES; i++) {
						Atomics.compareExchange(words, 0, 0, 1);
						Atomics.compareExchange(words, 0, 1, 0);
					}
					return TIMES;
				},
			},
		];
	},
};

/** The same, awaited. */
export const awaitedLock: Case = {
	name: 'await acquire and release of a lock nobody else wants',
	unit: 'rate',
	contenders: () => [
		...Object.entries({ Lock: new Lock(), 'async-mutex': new Mutex() }).map(([name, lock]) => ({
			name,
			async run() {
				for (let i = 0; i < TIMES / 10; i++) {
					await lock.acquire();
					lock.release();
				}
				return TIMES / 10;
			},
		})),
		...webLocks(),
	],
};

interface Locks {
	request(name: string, fn: () => void): Promise<void>;
}

/** Where Node has them: from 24.5 on. */
function webLocks(): Contender[] {
	const { navigator } = globalThis as { navigator?: { locks?: Locks } };
	const locks = navigator?.locks;
	if (locks === undefined) return [];
	const run = async () => {
		for (let i = 0; i < TIMES / 100; i++) await locks.request('bench', () => {});
		return TIMES / 100;
	};
	return [{ name: 'Web Locks', run }];
}

/** Two threads that want the same lock all the time. */
export const contendedLock: Case = {
	name: 'increments under a lock by two threads',
	unit: 'rate',
	contenders: () => {
		const pool = new ThreadPool(2);
		const total = new SharedValue('float64');
		const lock = new Lock();
		const underLock = (times: number) => {
			for (let i = 0; i < times; i++) {
				lock.acquireSync();
				total.value = total.value + 1;
				lock.release();
			}
		};
		const atomically = (times: number) => {
			for (let i = 0; i < times; i++) total.add(1);
		};
		const both = async (fn: (times: number) => void) => {
			await pool.map(fn, [TIMES, TIMES], { chunksize: 1 });
			return 2 * TIMES;
		};
		return [
			{ name: 'Lock', run: () => both(underLock), close: () => pool.terminate() },
			{ name: 'SharedValue.add', run: () => both(atomically) },
		];
	},
};

/** Reading shared memory through the view of a SharedArray. */
export const sharedArray: Case = {
	name: 'reads of a shared array of 1,000 numbers',
	unit: 'rate',
	contenders: () => {
		const views = {
			'SharedArray.view': new SharedArray('float64', 1_000).view,
			Float64Array: new Float64Array(new SharedArrayBuffer(8_000)),
		};
		return Object.entries(views).map(([name, view]) => ({
			name,
			run() {
				let sum = 0;
				for (let round = 0; round < 1_000; round++) for (let i = 0; i < 1_000; i++) sum += view[i] as number;
				if (Number.isNaN(sum)) throw new Error('no number');
				return TIMES;
			},
		}));
	},
};
