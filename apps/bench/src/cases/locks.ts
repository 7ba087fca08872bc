import { setImmediate } from 'node:timers/promises';
import { Condition, Event, Lock, RLock, Semaphore, SharedArray, SharedValue } from '@conc/lock';
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
		return [
			taking('Lock', new Lock()),
			taking('RLock', new RLock()),
			taking('Semaphore', new Semaphore()),
			{
				name: 'bare Atomics',
				is: 'limit',
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

export function taking(name: string, lock: Lock | RLock | Semaphore): Contender {
	return {
		name,
		is: 'ours',
		run() {
			for (let i = 0; i < TIMES; i++) {
				lock.acquireSync();
				lock.release();
			}
			return TIMES;
		},
	};
}

/** The same, awaited. */
export const awaitedLock: Case = {
	name: 'await acquire and release of a lock nobody else wants',
	unit: 'rate',
	contenders: () => [
		...[new Lock(), new Mutex()].map<Contender>((lock) => ({
			name: lock instanceof Lock ? 'Lock' : 'async-mutex',
			is: lock instanceof Lock ? 'ours' : 'peer',
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
	return [{ name: 'Web Locks', is: 'peer', run }];
}

/** Two threads that want the same lock all the time. */
export const contendedLock: Case = {
	name: 'increments under a lock by two threads',
	unit: 'rate',
	contenders: () => {
		const total = new SharedValue('float64');
		const atomically = (times: number) => {
			for (let i = 0; i < times; i++) total.add(1);
		};
		return [addingUnderLock(), { ...byTwo('SharedValue.add', atomically), is: 'limit' }];
	},
};

export function addingUnderLock(): Contender {
	const total = new SharedValue('float64');
	const lock = new Lock();
	return byTwo('Lock', (times) => {
		for (let i = 0; i < times; i++) {
			lock.acquireSync();
			total.value = total.value + 1;
			lock.release();
		}
	});
}

function byTwo(name: string, fn: (times: number) => void): Contender {
	const pool = new ThreadPool(2);
	return {
		name,
		is: 'ours',
		async run() {
			await pool.map(fn, [TIMES, TIMES], { chunksize: 1 });
			return 2 * TIMES;
		},
		close: () => pool.terminate(),
	};
}

/** An event nobody waits for. */
export const events: Case = {
	name: 'set and clear of an event nobody waits for',
	unit: 'rate',
	contenders: () => {
		const words = new Int32Array(new SharedArrayBuffer(4));
		return [
			flagging(),
			{
				name: 'bare Atomics',
				is: 'limit',
				run() {
					for (let i = 0; i < TIMES; i++) {
						Atomics.compareExchange(words, 0, 0, 1);
						Atomics.and(words, 0, 0);
					}
					return TIMES;
				},
			},
		];
	},
};

export function flagging(): Contender {
	const event = new Event();
	return {
		name: 'Event',
		is: 'ours',
		run() {
			for (let i = 0; i < TIMES; i++) {
				event.set();
				event.clear();
			}
			return TIMES;
		},
	};
}

/** Two threads of which one always waits for the other. */
export const turns: Case = {
	name: 'turns handed from one thread to another',
	unit: 'rate',
	contenders: () => {
		const words = new Int32Array(new SharedArrayBuffer(4));
		const atomically = (mine: number, times: number) => {
			for (let i = 0; i < times; i++) {
				while (Atomics.load(words, 0) !== mine) Atomics.wait(words, 0, 1 - mine);
				Atomics.store(words, 0, 1 - mine);
				Atomics.notify(words, 0, 1);
			}
		};
		return [turnsByCondition(), { ...inTurns('bare Atomics', atomically), is: 'limit' }];
	},
};

export function turnsByCondition(): Contender {
	const turn = new SharedValue('int32');
	const condition = new Condition();
	return inTurns('Condition', (mine, times) => {
		condition.withSync(() => {
			for (let i = 0; i < times; i++) {
				condition.waitForSync(() => turn.value === mine);
				turn.value = 1 - mine;
				condition.notify();
			}
		});
	});
}

function inTurns(name: string, fn: (mine: number, times: number) => void): Contender {
	const pool = new ThreadPool(1);
	const times = TIMES / 100;
	return {
		name,
		is: 'ours',
		async run() {
			const other = pool.apply(fn, [1, times]);
			await setImmediate(); // a bare Atomics.wait would block before the call is on its way
			fn(0, times);
			await other;
			return 2 * times;
		},
		close: () => pool.terminate(),
	};
}

/** Reading shared memory through the view of a SharedArray. */
export const sharedArray: Case = {
	name: 'reads of a shared array of 1,000 numbers',
	unit: 'rate',
	contenders: () => {
		const views = {
			'SharedArray.view': new SharedArray('float64', 1_000).view,
			Float64Array: new Float64Array(new SharedArrayBuffer(8_000)),
		};
		return Object.entries(views).map<Contender>(([name, view]) => ({
			name,
			is: name === 'Float64Array' ? 'limit' : 'ours',
			run() {
				let sum = 0;
				for (let round = 0; round < 1_000; round++) for (let i = 0; i < 1_000; i++) sum += view[i] as number;
				if (Number.isNaN(sum)) throw new Error('no number');
				return TIMES;
			},
		}));
	},
};
