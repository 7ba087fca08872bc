import { Registry } from '@conc/core';
import { AbandonedLockError, Lock, RLock } from '@conc/lock';
import { afterEach, describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { media, startIn } from './support/workers.js';

const ways = ['terminated', 'exiting', 'out of memory', 'returning'] as const;

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	/** A lock whose owner has been made to end, as that is under way. */
	async function abandon(lock: Lock | RLock, how: (typeof ways)[number] = 'terminated'): Promise<void> {
		const reentrant = lock instanceof RLock;
		const holder = start('end-while-holding', {
			lock,
			reentrant,
			how: how === 'terminated' ? 'sleeping' : how,
		});
		await holder.next();
		if (how === 'terminated') await holder.end();
		else holder.tell('end');
	}

	describe.each(ways)('an owner %s inside the critical section', (how) => {
		it('leaves the error to those in line and to those who come later, until recover()', async () => {
			const lock = new Lock({ name: 'ledger' });
			const holder = start('end-while-holding', { lock, how: how === 'terminated' ? 'looping' : how });
			await holder.next();
			const owner = lock.owner;
			const blocked = start('acquire-once', { lock, sync: true });
			const pending = start('acquire-once', { lock, sync: false });
			const own = lock.acquire().catch((error: unknown) => error);
			await untilWaiting(lock, 3);
			if (how === 'terminated') await holder.end();
			else holder.tell('end');

			expect(await blocked.next()).toEqual({ code: 'CONC_LOCK_ABANDONED', owner, isError: true });
			expect(await pending.next()).toEqual({ code: 'CONC_LOCK_ABANDONED', owner, isError: true });
			const error = await own;
			expect(error).toBeInstanceOf(AbandonedLockError);
			expect((error as AbandonedLockError).owner).toBe(owner);
			expect((error as AbandonedLockError).noticedAt).toBeInstanceOf(Date);
			expect((error as AbandonedLockError).message).toContain('Lock "ledger" was abandoned');
			expect(() => lock.acquireSync()).toThrow(AbandonedLockError);
			expect(() => lock.tryAcquire()).toThrow(AbandonedLockError);
			await expect(lock.with(() => 1)).rejects.toThrow(AbandonedLockError);
			expect(() => lock.release()).toThrow(AbandonedLockError);
			expect(waitersOf(lock)).toBe(0);

			expect(lock.recover()).toBe(true);
			expect(lock.recover()).toBe(false);
			expect(await start('acquire-once', { lock, sync: true }).next()).toBe(true);
			expect(lock.acquireSync()).toBe(true);
		});

		it("hands the lock on when it was made with onAbandoned: 'release'", async () => {
			const lock = new Lock({ onAbandoned: 'release' });
			const holder = start('end-while-holding', { lock, how: how === 'terminated' ? 'looping' : how });
			await holder.next();
			const others = [true, false, true].map((sync) => start('acquire-once', { lock, sync }));
			await untilWaiting(lock, 3);
			if (how === 'terminated') await holder.end();
			else holder.tell('end');
			expect(await Promise.all(others.map((other) => other.next()))).toEqual([true, true, true]);
			expect(lock.acquireSync()).toBe(true);
		});
	});

	it('an RLock is abandoned and recovered like a Lock', async () => {
		const lock = new RLock();
		await abandon(lock);
		await expect(lock.acquire()).rejects.toThrow(AbandonedLockError);
		expect(() => lock.acquireSync()).toThrow(AbandonedLockError);
		await expect(lock.with(() => 1)).rejects.toThrow(AbandonedLockError);
		expect(lock.recover()).toBe(true);
		expect(lock.acquireSync()).toBe(true);
		expect(lock.depth).toBe(1);
	});

	it('recover() leaves a free lock and one whose owner lives alone', async () => {
		const lock = new Lock();
		expect(lock.recover()).toBe(false);
		const holder = start('hold-until-told', { lock });
		await holder.next();
		expect(lock.recover()).toBe(false);
		expect(lock.tryAcquire()).toBe(false);
	});

	it.runIf(medium === 'thread')(
		'a fresh thread with the record of the dead owner is not taken for it',
		async () => {
			const lock = new Lock();
			await abandon(lock);
			const owner = lock.owner;
			await expect(lock.acquire()).rejects.toThrow(AbandonedLockError);
			for (let i = 0; i < 3; i++) {
				const fresh = await start('acquire-once', { lock, sync: true }).next();
				expect(fresh).toEqual({ code: 'CONC_LOCK_ABANDONED', owner, isError: true });
			}
		},
	);

	describe.runIf(medium === 'thread')(
		'an owner that releases and ends just when it is asked whether it lives',
		() => {
			const { isAlive } = Registry.prototype;
			afterEach(() => {
				Registry.prototype.isAlive = isAlive;
			});

			async function lockOfSuchAnOwner(): Promise<Lock> {
				const lock = new Lock();
				const told = new Int32Array(new SharedArrayBuffer(4));
				const holder = start('release-and-end', { lock, told });
				await holder.next();
				Registry.prototype.isAlive = function (this: Registry, id) {
					Registry.prototype.isAlive = isAlive;
					Atomics.store(told, 0, 1);
					Atomics.notify(told, 0);
					while (this.isAlive(id)) Atomics.wait(told, 0, 1, 1);
					return false;
				};
				return lock;
			}

			it('has not abandoned the lock for one who wants it', async () => {
				const lock = await lockOfSuchAnOwner();
				expect(lock.acquireSync()).toBe(true);
			});

			it('has not abandoned the lock for one who releases it', async () => {
				const lock = await lockOfSuchAnOwner();
				expect(() => lock.release()).toThrow('nobody holds it');
			});

			it('has not abandoned the lock for one who prints it', async () => {
				const lock = await lockOfSuchAnOwner();
				expect(`${lock}`).toContain('held');
				expect(`${lock}`).toBe('Lock (free)');
			});
		},
	);

	describe('a waiter that ends', () => {
		it.each([true, false])('does not keep those behind it waiting (blocking: %s)', async (sync) => {
			const lock = new Lock();
			await lock.acquire();
			const first = start('acquire-once', { lock, sync });
			await untilWaiting(lock, 1);
			const second = start('acquire-once', { lock, sync });
			await untilWaiting(lock, 2);
			const own = lock.with(() => 'own');
			await untilWaiting(lock, 3);
			await first.end();
			lock.release();
			expect(await Promise.all([second.next(), own])).toEqual([true, 'own']);
			expect(lock.tryAcquire()).toBe(true);
		});

		it('as the only one leaves a lock that can be taken at once', async () => {
			const lock = new Lock();
			await lock.acquire();
			const only = start('acquire-once', { lock, sync: true });
			await untilWaiting(lock, 1);
			await only.end();
			lock.release();
			expect(await lock.acquire()).toBe(true);
		});
	});
});
