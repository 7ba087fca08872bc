import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { DeadlockError, Event, LockError, RLock, SharedValue } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { media, partyName, startIn } from './support/workers.js';

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	describe('an RLock outside of with', () => {
		it('needs as many releases as it was taken before another thread passes (test_reacquire, test_release_unacquired, test_try_acquire_contended)', async () => {
			const lock = new RLock();
			const other = start('acquire-late', { lock });
			const passes = () => {
				other.tell('try');
				return other.next();
			};
			await lock.acquire();
			lock.acquireSync();
			expect(lock.tryAcquire()).toBe(true);
			for (let left = 3; left > 0; left--) {
				expect(lock.depth).toBe(left);
				expect(await passes()).toBe(false);
				lock.release();
			}
			expect(await passes()).toBe(true);
			expect(() => lock.release()).toThrow(LockError);
		});

		it('knows its owner and how deep it is held (test__is_owned, test_recursion_count)', () => {
			const lock = new RLock();
			const seen = [[lock.isOwned, lock.depth]];
			for (const step of ['acquireSync', 'acquireSync', 'release', 'release'] as const) {
				lock[step]();
				seen.push([lock.isOwned, lock.depth]);
			}
			expect(seen).toEqual([
				[false, 0],
				[true, 1],
				[true, 2],
				[true, 1],
				[false, 0],
			]);
		});

		it('cannot be released by another thread (test_different_thread)', async () => {
			const lock = new RLock();
			await lock.acquire();
			expect(await start('release', { lock, kind: 'RLock' }).next()).toBe('CONC_LOCK');
			expect(lock.isOwned).toBe(true);
			lock.release();
		});

		it('is not owned by this thread while another has it (test__is_owned, test_recursion_count)', async () => {
			const lock = new RLock();
			const holder = start('hold-until-told', { lock, reentrant: true });
			await holder.next();
			expect([lock.isOwned, lock.depth, lock.locked]).toEqual([false, 1, true]);
			expect(() => lock.release()).toThrow(new RegExp(`held by ${partyName}`));
			const waiting = lock.acquire();
			holder.tell('release');
			expect(await waiting).toBe(true);
			expect([lock.isOwned, lock.depth]).toEqual([true, 1]);
		});
	});

	describe.each([
		['blocking', true],
		['asynchronous', false],
	])('an RLock that this thread has twice, %s,', (_, sync) => {
		it('lets no other thread in before its last release, and then all, one by one (test_acquire_contended)', async () => {
			const lock = new RLock();
			const total = new SharedValue('int32');
			const times = medium === 'thread' ? 200 : 20;
			await lock.acquire();
			lock.acquireSync();
			const counters = Array.from({ length: 5 }, () =>
				start('count-under-lock', { lock, total, sync, times, kind: 'RLock' }),
			);
			await untilWaiting(lock, 5);
			lock.release();
			expect([total.value, waitersOf(lock)]).toEqual([0, 5]);
			lock.release();
			await Promise.all(counters.map((counter) => counter.next()));
			expect([total.value, lock.locked, waitersOf(lock)]).toEqual([5 * times, false, 0]);
		});

		it('is not acquired by another within a time limit, and is then as good as new (test_timeout)', async () => {
			const lock = new RLock();
			await lock.acquire();
			lock.acquireSync();
			const late = start('acquire-once', { lock, sync, kind: 'RLock', options: { timeout: 20 } });
			expect(await late.next()).toBe(false);
			expect([lock.depth, waitersOf(lock)]).toEqual([2, 0]);
			lock.release();
			lock.release();
			expect(await start('acquire-once', { lock, sync, kind: 'RLock' }).next()).toBe(true);
			expect(lock.locked).toBe(false);
		});
	});
});

describe('an RLock in with', () => {
	it('is taken again by what the function calls and awaits', async () => {
		const lock = new RLock();
		const deep = (level: number): Promise<number> =>
			lock.with(async () => {
				await setTimeout(1);
				return level === 0 ? lock.depth : deep(level - 1);
			});
		expect(await deep(4)).toBe(5);
		expect(lock.depth).toBe(0);
		expect(lock.withSync(() => lock.withSync(() => lock.depth))).toBe(2);
		expect(await lock.with(() => lock.withSync(() => lock.depth))).toBe(2);
		expect(lock.locked).toBe(false);
	});

	it('makes another task of the thread wait', async () => {
		const lock = new RLock();
		let inside = 0;
		let most = 0;
		const task = () =>
			lock.with(async () => {
				most = Math.max(most, ++inside);
				await lock.with(() => setTimeout(1));
				inside--;
			});
		await Promise.all([task(), task(), task()]);
		expect(most).toBe(1);
		expect(waitersOf(lock)).toBe(0);
	});

	it('tells apart two tasks that were started within a with of another lock', async () => {
		const outer = new RLock();
		const inner = new RLock();
		const log: string[] = [];
		const task = (name: string) =>
			inner.with(async () => {
				log.push(`${name} in`);
				await setTimeout(1);
				log.push(`${name} out`);
			});
		await outer.with(() => Promise.all([task('a'), task('b')]));
		expect(log).toEqual(['a in', 'a out', 'b in', 'b out']);
	});

	it('is not open to a task that its function left behind', async () => {
		const lock = new RLock();
		let late: Promise<boolean> | undefined;
		await lock.with(() => {
			late = setTimeout(1).then(() => lock.acquire({ timeout: 1 }));
		});
		await lock.with(async () => expect(await late).toBe(false));
	});

	it('cannot be blocked for, or released, by another task of the thread', async () => {
		const lock = new RLock();
		const began = new Event();
		const finish = new Event();
		const task = lock.with(() => {
			began.set();
			return finish.wait();
		});
		await began.wait();
		expect(lock.isOwned).toBe(false);
		expect(() => lock.acquireSync()).toThrow(DeadlockError);
		expect(() => lock.acquireSync({ timeout: 1000 })).toThrow(DeadlockError);
		expect(lock.tryAcquire()).toBe(false);
		expect(() => lock.release()).toThrow(LockError);
		finish.set();
		await task;
		expect(lock.tryAcquire()).toBe(true);
	});

	it('gives back what it took when the function throws (test_with)', async () => {
		const lock = new RLock();
		await lock.with(async () => {
			await expect(lock.with(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
			expect(lock.depth).toBe(1);
		});
		expect(lock.depth).toBe(0);
	});
});

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	it('an RLock keeps two threads apart', async () => {
		const lock = new RLock();
		const total = new SharedValue('int32');
		const times = medium === 'thread' ? 2000 : 100;
		const counters = [true, false].map((sync) =>
			start('count-under-lock', { lock, total, sync, times, kind: 'RLock' }),
		);
		await Promise.all(counters.map((counter) => counter.next()));
		expect(total.value).toBe(2 * times);
	});

	it('an RLock says its state (test_repr, test_locked_repr)', async () => {
		const lock = new RLock({ name: 'tree' });
		expect(inspect(lock)).toBe('RLock "tree" (free)');
		await lock.with(() =>
			lock.with(() => expect(`${lock}`).toBe('RLock "tree" (held by this thread, 2 times)')),
		);
		const waiting = lock.with(() => setTimeout(5));
		const other = start('acquire-once', { lock, sync: true, kind: 'RLock' });
		await waiting;
		expect(await other.next()).toBe(true);
		await untilWaiting(lock, 0);
	});
});

it('an RLock dropped while held leaves nothing behind (test_acquire_destroy)', () => {
	for (let i = 0; i < 20_000; i++) new RLock().acquireSync();
	expect(new RLock().tryAcquire()).toBe(true);
});
