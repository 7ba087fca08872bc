import { inspect } from 'node:util';
import { Registry, type ThreadId } from '@conc/core';
import {
	AbandonedLockError,
	DeadlockError,
	Lock,
	LockError,
	Queue,
	RLock,
	SharedValue,
	TimeoutError,
} from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { media, partyName, start, startIn } from './support/workers.js';

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	describe('a free lock', () => {
		it('is taken at once, by one of two (test_try_acquire, test_try_acquire_contended)', async () => {
			const lock = new Lock();
			expect(lock.tryAcquire()).toBe(true);
			expect(await start('try-acquire', { lock }).next()).toBe(false);
			expect(lock.tryAcquire()).toBe(false);
			lock.release();
			expect(await start('try-acquire', { lock }).next()).toBe(true);
		});

		it('is taken at once with any time limit, the greatest too (test_acquire_release, test_timeout)', async () => {
			const lock = new Lock();
			for (const timeout of [0, 1, 2 ** 31, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
				expect(lock.acquireSync({ timeout })).toBe(true);
				lock.release();
				expect(await lock.acquire({ timeout })).toBe(true);
				lock.release();
			}
		});

		it('cannot be released, and stays usable', () => {
			const lock = new Lock({ name: 'jobs' });
			expect(() => lock.release()).toThrow(LockError);
			expect(() => lock.release()).toThrow('Lock "jobs" was released, but nobody holds it');
			expect(lock.tryAcquire()).toBe(true);
			expect(lock.tryAcquire()).toBe(false);
		});
	});

	describe.each([
		['blocking', true],
		['asynchronous', false],
	])('a held lock, %s', (_, sync) => {
		it('lets nobody in before its release, and then everybody, one by one (test_acquire_contended)', async () => {
			const lock = new Lock();
			const total = new SharedValue('int32');
			const times = medium === 'thread' ? 1000 : 100;
			await lock.acquire();
			const counters = Array.from({ length: 5 }, () =>
				start('count-under-lock', { lock, total, sync, times, kind: 'Lock' }),
			);
			await untilWaiting(lock, 5);
			expect(total.value).toBe(0);
			lock.release();
			await Promise.all(counters.map((counter) => counter.next()));
			expect(total.value).toBe(5 * times);
			expect(lock.locked).toBe(false);
			expect(waitersOf(lock)).toBe(0);
		});

		it('is not acquired within a time limit, and is then as good as new (test_timeout, test_state_after_timeout)', async () => {
			const lock = new Lock();
			const holder = start('hold-until-told', { lock });
			await holder.next();
			const began = performance.now();
			expect(sync ? lock.acquireSync({ timeout: 30 }) : await lock.acquire({ timeout: 30 })).toBe(false);
			expect(performance.now() - began).toBeGreaterThanOrEqual(30);
			expect(waitersOf(lock)).toBe(0);
			holder.tell('release');
			expect(await holder.next()).toBe('released');
			expect(lock.locked).toBe(false);
			expect(lock.tryAcquire()).toBe(true);
		});
	});

	describe('a line', () => {
		it('of threads that block is served in the order of arrival', async () => {
			const lock = new Lock();
			const log = new Queue<number>();
			await lock.acquire();
			const waiters = [];
			for (let me = 1; me <= 6; me++) {
				waiters.push(start('acquire-once', { lock, sync: true, log, me }));
				await untilWaiting(lock, me);
			}
			lock.release();
			await Promise.all(waiters.map((waiter) => waiter.next()));
			expect(waiters.map(() => log.getNowait())).toEqual([1, 2, 3, 4, 5, 6]);
		});

		it('of tasks of a thread is served in the order of arrival, also beyond the size of the table', async () => {
			const lock = new Lock();
			await lock.acquire();
			const log: number[] = [];
			const tasks = Array.from({ length: 300 }, (_, me) => lock.with(() => log.push(me)));
			expect(waitersOf(lock)).toBe(64);
			lock.release();
			await Promise.all(tasks);
			expect(log).toEqual(Array.from({ length: 300 }, (_, me) => me));
			expect(waitersOf(lock)).toBe(0);
		});

		it('full with the tasks of one thread does not keep out another', async () => {
			const lock = new Lock();
			await lock.acquire();
			const tasks = Array.from({ length: 100 }, () => lock.with(() => 1));
			const others = [true, false].map((sync) => start('acquire-once', { lock, sync }));
			lock.release();
			expect(await Promise.all(others.map((other) => other.next()))).toEqual([true, true]);
			await Promise.all(tasks);
			expect(waitersOf(lock)).toBe(0);
		});

		it.runIf(medium === 'thread')(
			'goes on past an asynchronous waiter whose thread is too busy to come',
			async () => {
				const lock = new Lock();
				const busy = new Int32Array(new SharedArrayBuffer(4));
				await lock.acquire();
				const first = start('wait-in-busy-thread', { lock, busy });
				await untilWaiting(lock, 1);
				const second = start('acquire-once', { lock, sync: true });
				await untilWaiting(lock, 2);
				const third = lock.acquire();
				lock.release();
				expect(await second.next()).toBe(true);
				expect(await third).toBe(true);
				lock.release();
				Atomics.store(busy, 0, 1);
				Atomics.notify(busy, 0);
				expect(await first.next()).toBe('acquired');
			},
		);

		it('lets a thread that blocks go before its own task, which could not come', async () => {
			const lock = new Lock();
			await lock.acquire();
			const other = start('own-task-and-block', { lock });
			await untilWaiting(lock, 2);
			lock.release();
			expect(await other.next()).toBe('blocked and got it');
			expect(await other.next()).toBe('the task got it');
		});
	});

	describe('a lock that this thread holds', () => {
		it('is waited for by another task of the thread (test_reacquire)', async () => {
			const lock = new Lock();
			await lock.acquire();
			let acquired = false;
			const second = lock.acquire().then(() => {
				acquired = true;
			});
			expect(await lock.acquire({ timeout: 20 })).toBe(false);
			expect(acquired).toBe(false);
			lock.release();
			await second;
			expect(lock.locked).toBe(true);
		});

		it('cannot be blocked for: DeadlockError (test_reacquire)', () => {
			const lock = new Lock();
			lock.acquireSync();
			expect(() => lock.acquireSync()).toThrow(DeadlockError);
			expect(() => lock.acquireSync({ timeout: 10_000 })).toThrow(DeadlockError);
			expect(() => lock.withSync(() => 1)).toThrow(DeadlockError);
			expect(lock.acquireSync({ timeout: 0 })).toBe(false);
			lock.release();
			expect(lock.acquireSync()).toBe(true);
		});

		it('may be released by another thread (test_different_thread)', async () => {
			const lock = new Lock();
			await lock.acquire();
			expect(await start('release', { lock, kind: 'Lock' }).next()).toBe('released');
			expect(lock.acquireSync()).toBe(true);
		});
	});
});

describe('scoped use', () => {
	it('gives the lock back when the function returns, and passes on what it returns (test_with)', async () => {
		const lock = new Lock();
		const inside = () => (lock.locked ? 'held' : 'free');
		expect(await lock.with(inside)).toBe('held');
		expect(await lock.with(async () => inside())).toBe('held');
		expect(lock.withSync(inside)).toBe('held');
		expect(lock.locked).toBe(false);
	});

	it('gives the lock back when the function throws, and passes on the very error (test_with)', async () => {
		const lock = new Lock();
		const error = new Error('mine');
		const fail = () => {
			throw error;
		};
		await expect(lock.with(fail)).rejects.toBe(error);
		await expect(lock.with(() => Promise.reject(error))).rejects.toBe(error);
		expect(() => lock.withSync(fail)).toThrow(error);
		expect(lock.locked).toBe(false);
	});

	it('passes on the error of a function that has also released the lock itself', async () => {
		const lock = new Lock();
		const error = new Error('mine');
		const fail = () => {
			lock.release();
			throw error;
		};
		await expect(lock.with(fail)).rejects.toBe(error);
		expect(() => lock.withSync(fail)).toThrow(error);
	});

	it('holds until released, once', async () => {
		const lock = new Lock();
		const held = await lock.hold();
		expect(lock.locked).toBe(true);
		held.release();
		held.release();
		expect(lock.locked).toBe(false);
		const again = lock.holdSync();
		again[Symbol.dispose]();
		expect(lock.locked).toBe(false);
	});

	it('rejects with TimeoutError and does not run the function', async () => {
		const lock = new Lock({ name: 'busy' });
		await lock.acquire();
		let ran = false;
		const run = () => {
			ran = true;
		};
		await expect(lock.with(run, { timeout: 1 })).rejects.toThrow(TimeoutError);
		await expect(lock.hold({ timeout: 0 })).rejects.toThrow('Lock "busy" could not be acquired within 0 ms');
		expect(() => lock.withSync(run, { timeout: 0 })).toThrow(TimeoutError);
		expect(() => lock.holdSync({ timeout: 0 })).toThrow(TimeoutError);
		expect(ran).toBe(false);
		expect(waitersOf(lock)).toBe(0);
	});

	it('refuses a function that returns a promise where it blocks, and is free afterwards', () => {
		const lock = new Lock();
		expect(() => lock.withSync((async () => 1) as () => unknown)).toThrow(TypeError);
		expect(lock.locked).toBe(false);
	});
});

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	describe('what a lock says', () => {
		it('is its state, wherever its owner is (test_repr, test_locked_repr)', async () => {
			const lock = new Lock({ name: 'jobs' });
			expect(`${lock}`).toBe('Lock "jobs" (free)');
			await lock.acquire();
			expect(inspect(lock)).toBe('Lock "jobs" (held by this thread)');
			expect(lock.owner).toBeGreaterThan(0);
			lock.release();
			expect(lock.owner).toBeNull();
			const holder = start('end-while-holding', { lock, how: 'sleeping' });
			await holder.next();
			expect(inspect({ lock })).toMatch(new RegExp(`^{ lock: Lock "jobs" \\(held by ${partyName}\\) }$`));
			await holder.end();
			await expect(lock.acquire()).rejects.toThrow(AbandonedLockError);
			expect(`${lock}`).toMatch(new RegExp(`^Lock "jobs" \\(abandoned by ${partyName}\\)$`));
		});

		it('refuses options that are none (test_constructor)', () => {
			expect(() => new Lock({ onAbandoned: 'ignore' as 'throw' })).toThrow(TypeError);
			expect(() => new Lock({ name: 7 as unknown as string })).toThrow(TypeError);
		});
	});
});

it('a lock dropped while held leaves nothing behind (test_acquire_destroy)', () => {
	for (let i = 0; i < 20_000; i++) new Lock().acquireSync();
	expect(new Lock().tryAcquire()).toBe(true);
});

it.each([
	['Lock', Lock],
	['RLock', RLock],
] as const)(
	'fifteen raw threads that use a %s leave no trace once they have ended (test_thread_leak)',
	async (kind, Kind) => {
		const lock = new Kind();
		const registry = Registry.ours();
		const records: number[][] = [];
		for (let round = 0; round < 2; round++) {
			const threads = Array.from({ length: 15 }, () => start('own-once', { lock, kind }));
			const ids = (await Promise.all(threads.map((thread) => thread.next()))) as ThreadId[];
			for (const thread of threads) {
				const ended = thread.ended();
				thread.tell('end');
				await ended;
			}
			expect(ids.filter((id) => registry.isAlive(id))).toEqual([]);
			records.push(ids.map(Registry.indexOf).sort((a, b) => a - b));
		}
		expect(new Set(records[0]).size).toBe(15);
		expect(records[1]).toEqual(records[0]); // used again
		expect([waitersOf(lock), lock.tryAcquire()]).toEqual([0, true]);
	},
);
