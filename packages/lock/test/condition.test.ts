import { setTimeout } from 'node:timers/promises';
import { Condition, Lock, LockError, RLock, SharedValue } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { waitersOf } from './support/waiting.js';
import { media, type Started, startIn } from './support/workers.js';

const ways = [true, false];
const locks = [
	['a Lock', () => new Lock()],
	['an RLock', () => new RLock()],
] as const;

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	/** So many threads that wait, every other one blocking. */
	async function waiting(condition: Condition, count: number, options?: object): Promise<Started[]> {
		const waiters: Started[] = [];
		for (let i = 0; i < count; i++) {
			const waiter = start('wait-for-notice', { condition, sync: i % 2 === 0, options });
			await waiter.next();
			waiters.push(waiter);
		}
		await condition.with(() => {}); // the last one has released the lock, and so waits
		return waiters;
	}

	/** What came from those that have gone on: each of them says something. */
	async function wentOn(waiters: Started[], count: number): Promise<Started[]> {
		const gone: Started[] = [];
		const results = waiters.map((waiter) =>
			waiter.next().then((notified) => notified === true && gone.push(waiter)),
		);
		await Promise.race([until(() => gone.length >= count), Promise.all(results)]);
		await setTimeout(20); // time for one too many
		return gone;
	}

	async function until(condition: () => boolean): Promise<void> {
		while (!condition()) await setTimeout(1);
	}

	describe.each(locks)('a condition of %s', (_, make) => {
		it('has the methods of its lock, which is the same (test_acquire)', async () => {
			const lock = make();
			const condition = new Condition(lock);
			expect(condition.lock).toBe(lock);
			expect(await condition.acquire()).toBe(true);
			expect(lock.locked).toBe(true);
			condition.release();
			expect(condition.acquireSync()).toBe(true);
			condition.release();
			expect(condition.tryAcquire()).toBe(true);
			lock.release();
			expect(await condition.with(() => lock.locked)).toBe(true);
			expect(condition.withSync(() => lock.locked)).toBe(true);
			const held = await condition.hold();
			held.release();
			expect(condition.locked).toBe(false);
		});

		it('refuses wait and notify without the lock (test_unacquired_wait, test_unacquired_notify, test_release_save_unacquired)', async () => {
			const condition = new Condition(make());
			await expect(condition.wait()).rejects.toThrow(LockError);
			await expect(condition.waitFor(() => true)).rejects.toThrow(LockError);
			expect(() => condition.waitSync()).toThrow('waitSync of Condition was called without its lock');
			expect(() => condition.waitForSync(() => true)).toThrow(LockError);
			expect(() => condition.notify()).toThrow(LockError);
			expect(() => condition.notifyAll()).toThrow(LockError);
			expect(condition.locked).toBe(false);
		});

		it('wakes as many as it is told, and no more, once the lock is released (test_notify)', async () => {
			const condition = new Condition(make());
			const waiters = await waiting(condition, 5);
			await condition.with(async () => {
				condition.notify(3);
				expect(condition.locked).toBe(true);
			});
			const first = await wentOn(waiters, 3);
			expect(first).toHaveLength(3);
			expect(new Set(first)).toEqual(new Set(waiters.slice(0, 3))); // the oldest
			await condition.with(() => condition.notify(5));
			await until(() => waitersOf(condition) === 0);
		});

		it('wakes everybody (test_notify_all)', async () => {
			const condition = new Condition(make());
			const waiters = await waiting(condition, 4);
			await condition.with(() => condition.notifyAll());
			expect(await Promise.all(waiters.map((waiter) => waiter.next()))).toEqual([true, true, true, true]);
			await until(() => !condition.locked);
		});

		it('keeps no notice for who waits later (test_notify)', async () => {
			const condition = new Condition(make());
			await condition.with(async () => {
				condition.notify(7);
				condition.notifyAll();
				expect(await condition.wait({ timeout: 10 })).toBe(false);
				expect(condition.waitSync({ timeout: 10 })).toBe(false);
			});
		});

		it('has the lock again after a time-out (test_timeout)', async () => {
			const condition = new Condition(make());
			await condition.with(async () => {
				expect(await condition.wait({ timeout: 5 })).toBe(false);
				expect(condition.locked).toBe(true);
				expect(condition.waitSync({ timeout: 5 })).toBe(false);
				expect(condition.waitSync({ timeout: 0 })).toBe(false);
				expect(condition.locked).toBe(true);
			});
			expect(condition.locked).toBe(false);
			expect(waitersOf(condition)).toBe(0);
		});

		it('waits until a predicate holds, and gives its answer (test_waitfor)', async () => {
			const condition = new Condition(make());
			const jobs = new SharedValue('int32');
			const answer = condition.with(() => condition.waitFor(() => jobs.value >= 3 && `${jobs.value} jobs`));
			for (let i = 0; i < 4; i++) {
				await condition.with(() => {
					jobs.value++;
					condition.notify();
				});
			}
			expect(await answer).toMatch(/^[34] jobs$/);
			expect(condition.withSync(() => condition.waitForSync(() => 'at once'))).toBe('at once');
		});

		it('gives the last answer of a predicate when time is up, notified in vain or not (test_waitfor_timeout)', async () => {
			const condition = new Condition(make());
			let asked = 0;
			const answer = condition.with(() => condition.waitFor(() => asked++ < 0, { timeout: 60 }));
			const [notifier] = [setInterval(() => void condition.with(() => condition.notifyAll()), 5)];
			expect(await answer).toBe(false);
			clearInterval(notifier);
			expect(asked).toBeGreaterThan(1);
			expect(condition.withSync(() => condition.waitForSync(() => 0, { timeout: 5 }))).toBe(0);
		});

		it('aborted, has the lock again before it rejects with the reason', async () => {
			const condition = new Condition(make());
			const controller = new AbortController();
			const { signal } = controller;
			const waited = condition.with(async () => {
				const reason = await condition.wait({ signal }).catch((reason) => reason);
				return [reason, condition.locked];
			});
			await condition.with(() => controller.abort('enough'));
			expect(await waited).toEqual(['enough', true]);
			await condition.with(async () => {
				await expect(condition.wait({ signal })).rejects.toBe('enough');
				await expect(condition.waitFor(() => false, { signal })).rejects.toBe('enough');
			});
			expect([condition.locked, waitersOf(condition)]).toEqual([false, 0]);
		});
	});

	it('waitFor hears an abort that comes while its predicate is asked', async () => {
		const condition = new Condition();
		const controller = new AbortController();
		const asks = () => {
			controller.abort('meanwhile');
			return false;
		};
		const waited = condition.with(() => condition.waitFor(asks, { signal: controller.signal }));
		await expect(waited).rejects.toBe('meanwhile');
		expect(condition.locked).toBe(false);
	});

	describe('a notice', () => {
		it.each(ways)(
			'whose waiter is ended before it has the lock again goes to the next (blocking: %s)',
			async (sync) => {
				const condition = new Condition();
				const first = start('wait-for-notice', { condition, sync });
				await first.next();
				const second = start('wait-for-notice', { condition, sync: true });
				await second.next();
				await condition.acquire();
				condition.notify();
				await first.end();
				condition.release();
				expect(await second.next()).toBe(true);
			},
		);

		it.each(ways)(
			'whose waiter has ended is not given to one who came after it (blocking: %s)',
			async (sync) => {
				const condition = new Condition();
				const waiter = start('wait-for-notice', { condition, sync });
				await waiter.next();
				await condition.with(async () => {
					condition.notify();
					await waiter.end();
					expect(await condition.wait({ timeout: 150 })).toBe(false);
				});
				expect(waitersOf(condition)).toBe(0); // it was noticed that the waiter has ended
			},
		);

		it('whose waiter gave up goes to the next', async () => {
			const condition = new Condition();
			const controller = new AbortController();
			const order: string[] = [];
			const wait = (name: string, options = {}) =>
				condition.with(async () => {
					const result = await condition.wait(options).catch(() => 'aborted');
					order.push(`${name} ${result}`);
				});
			const all = [wait('first', { signal: controller.signal }), wait('second')];
			await condition.acquire();
			condition.notify();
			controller.abort();
			condition.release();
			await Promise.all(all);
			expect(order.sort()).toEqual(['first aborted', 'second true']);
		});

		it('is not given to a waiter that has timed out before', async () => {
			const condition = new Condition();
			const [first] = await waiting(condition, 1, { timeout: 10 });
			expect(await first?.next()).toBe(false);
			const second = start('wait-for-notice', { condition, sync: true });
			await second.next();
			await condition.with(() => condition.notify());
			expect(await second.next()).toBe(true);
		});
	});

	describe('a condition', () => {
		it('of an RLock gives up all levels and takes them again (test_acquire of ConditionAsRLockTests)', async () => {
			const lock = new RLock();
			const condition = new Condition(lock);
			const levels = lock.with(() =>
				lock.with(async () => {
					lock.acquireSync();
					const notified = await condition.wait();
					const { depth } = lock;
					lock.release();
					return [notified, depth];
				}),
			);
			await lock.with(() => condition.notify());
			expect(await levels).toEqual([true, 3]);
			expect(lock.locked).toBe(false);
		});

		it('serves more who wait than its table has slots, each notice one of them', async () => {
			const condition = new Condition();
			let notified = 0;
			const waits = Array.from({ length: 150 }, () =>
				condition.with(async () => {
					await condition.wait();
					notified++;
				}),
			);
			for (const [count, total] of [
				[100, 100],
				[1, 101],
			] as const) {
				await condition.with(() => condition.notify(count));
				await until(() => notified >= total);
				await setTimeout(20);
				expect(notified).toBe(total);
			}
			await condition.with(() => condition.notifyAll());
			await Promise.all(waits);
			await condition.with(async () => expect(await condition.wait({ timeout: 10 })).toBe(false));
		});

		it('hands a value back and forth between threads, blocking and not, without loss', async () => {
			const condition = new Condition();
			const times = medium === 'thread' ? 200 : 20;
			const waiters = ways.map((sync) => start('wait-for-notice', { condition, sync, times }));
			for (const waiter of waiters) {
				let left = times;
				void (async () => {
					while (left > 0) {
						expect(await waiter.next()).toBe('waiting');
						expect(await waiter.next()).toBe(true);
						left--;
					}
				})();
				while (left > 0) {
					await condition.with(() => condition.notifyAll());
					await setTimeout(0);
				}
			}
		});

		it('keeps an abandoned lock from whoever waits for it', async () => {
			const lock = new Lock();
			const condition = new Condition(lock);
			const waited = condition.with(() => condition.wait());
			const holder = start('end-while-holding', { lock, how: 'sleeping' });
			await holder.next();
			await holder.end();
			// The waiter is not notified, but a late one finds out.
			await expect(condition.acquire()).rejects.toMatchObject({ code: 'CONC_LOCK_ABANDONED' });
			lock.recover();
			await condition.with(() => condition.notify());
			expect(await waited).toBe(true);
		});

		it('refuses what is no lock, no count, no predicate, no time', async () => {
			expect(() => new Condition({} as Lock)).toThrow(new TypeError('a Condition takes a Lock or an RLock'));
			const condition = new Condition();
			for (const n of [0, -1, 1.5, Number.NaN, '1' as unknown as number])
				expect(() => condition.notify(n)).toThrow(RangeError);
			await expect(condition.waitFor(1 as never)).rejects.toThrow(
				'predicate must be a function, not a number',
			);
			await expect(condition.wait({ timeout: -1 })).rejects.toThrow(RangeError);
			const early = (() => Promise.resolve(true)) as unknown as () => boolean;
			expect(() => condition.withSync(() => condition.waitForSync(early))).toThrow('use waitFor(predicate)');
			expect(condition.locked).toBe(false);
		});

		it('says what it is', () => {
			const condition = new Condition(new Lock({ name: 'door' }), { name: 'bell' });
			expect(`${condition}`).toBe('Condition "bell" of Lock "door" (free)');
		});
	});
});
