import { setTimeout } from 'node:timers/promises';
import { Registry } from '@conc/core';
import { AbandonedLockError, RWLock } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilClosed, untilWaiting, waitersOf } from './support/waiting.js';
import { media, partyName, type Started, startIn } from './support/workers.js';

const ways = ['terminated', 'exiting', 'out of memory', 'returning'] as const;
type Way = (typeof ways)[number];

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	/** A thread that has one side and will end that way. */
	async function mortal(lock: RWLock, side: 'read' | 'write', how: Way = 'terminated'): Promise<Started> {
		const holder = start('rw-end-while-holding', { lock, side, how });
		expect(await holder.next()).toBe('held');
		return holder;
	}

	async function kill(holder: Started, how: Way = 'terminated'): Promise<void> {
		if (how === 'terminated') await holder.end();
		else holder.tell('end');
	}

	describe.each(medium === 'thread' ? ways : ways.slice(0, 2))('a thread %s', (how) => {
		it('while it reads leaves no trace: those in line go on, and nothing is to be recovered', async () => {
			const lock = new RWLock();
			const reader = await mortal(lock, 'read', how);
			const blocked = start('rw-once', { lock, side: 'write', sync: true });
			await untilWaiting(lock, 1);
			const pending = start('rw-once', { lock, side: 'write', sync: false });
			await untilWaiting(lock, 2);
			const own = lock.read.with(() => lock.read.locked);
			expect(lock.read.owners.length).toBe(1);
			await kill(reader, how);
			expect(await blocked.next()).toBe(true);
			expect(await pending.next()).toBe(true);
			expect(await own).toBe(true);
			expect(lock.recover()).toBe(false);
			expect(await lock.write.acquire()).toBe(true);
			expect(lock.read.locked).toBe(false);
		});

		it('while it writes leaves the error to those in line and who come later, until recover()', async () => {
			const lock = new RWLock({ name: 'cache' });
			const writer = await mortal(lock, 'write', how);
			const { owner } = lock.write;
			const waiters = [
				start('rw-once', { lock, side: 'read', sync: true }),
				start('rw-once', { lock, side: 'write', sync: false }),
				start('rw-once', { lock, side: 'write', sync: true }),
			];
			const own = lock.read.acquire().catch((error: unknown) => error);
			await untilWaiting(lock, 4);
			await kill(writer, how);
			for (const waiter of waiters) {
				expect(await waiter.next()).toEqual({ code: 'CONC_LOCK_ABANDONED', owner, isError: true });
			}
			expect(await own).toBeInstanceOf(AbandonedLockError);
			for (const side of [lock.read, lock.write]) {
				expect(() => side.acquireSync()).toThrow('RWLock "cache" was abandoned');
				expect(() => side.tryAcquire()).toThrow(AbandonedLockError);
				await expect(side.with(() => 1)).rejects.toThrow(AbandonedLockError);
			}
			expect(`${lock}`).toMatch(new RegExp(`^RWLock "cache" \\(abandoned by ${partyName}\\)$`));
			expect([waitersOf(lock), lock.read.locked]).toEqual([0, false]);

			expect([lock.recover(), lock.recover()]).toEqual([true, false]);
			expect(await start('rw-once', { lock, side: 'read', sync: true }).next()).toBe(true);
			expect(await lock.write.acquire()).toBe(true);
		});

		it("while it writes hands the lock on when it was made with onAbandoned: 'release'", async () => {
			const lock = new RWLock({ onAbandoned: 'release' });
			const writer = await mortal(lock, 'write', how);
			const waiters = (['read', 'write', 'read', 'write'] as const).map((side, at) =>
				start('rw-once', { lock, side, sync: at < 2 }),
			);
			await untilWaiting(lock, 4);
			await kill(writer, how);
			expect(await Promise.all(waiters.map((waiter) => waiter.next()))).toEqual([true, true, true, true]);
			expect(await lock.write.acquire()).toBe(true);
		});
	});

	describe.each([
		['blocking', true],
		['asynchronous', false],
	])('a %s waiter that is killed', (_, sync) => {
		it('while it waits for readers to leave lets those behind it go on', async () => {
			const lock = new RWLock();
			await lock.read.acquire();
			const writer = start('rw-once', { lock, side: 'write', sync });
			await untilClosed(lock);
			const behind = [
				start('rw-once', { lock, side: 'read', sync }),
				start('rw-once', { lock, side: 'read', sync: !sync }),
			];
			const own = lock.read.acquire();
			await untilWaiting(lock, 4);
			await writer.end();
			expect(await Promise.all(behind.map((reader) => reader.next()))).toEqual([true, true]);
			expect(await own).toBe(true);
			lock.read.release();
			lock.read.release();
			expect(await lock.write.acquire()).toBe(true);
			expect([lock.recover(), waitersOf(lock)]).toEqual([false, 0]);
		});

		it('as the only one, while it waits for readers to leave, leaves a lock to read at once', async () => {
			const lock = new RWLock();
			await lock.read.acquire();
			const writer = start('rw-once', { lock, side: 'write', sync });
			await untilClosed(lock);
			await writer.end();
			expect(await lock.read.acquire()).toBe(true);
			lock.read.release();
			lock.read.release();
			expect(lock.write.acquireSync()).toBe(true);
		});

		it.each(['read', 'write'] as const)(
			'in line to %s does not keep those behind it waiting',
			async (side) => {
				const lock = new RWLock();
				await lock.write.acquire();
				const first = start('rw-once', { lock, side, sync });
				await untilWaiting(lock, 1);
				const behind = [
					start('rw-once', { lock, side: 'write', sync }),
					start('rw-once', { lock, side: 'read', sync }),
				];
				await untilWaiting(lock, 3);
				await first.end();
				lock.write.release();
				expect(await Promise.all(behind.map((waiter) => waiter.next()))).toEqual([true, true]);
				expect(await lock.write.acquire()).toBe(true);
			},
		);
	});

	it.runIf(medium === 'thread')(
		'threads killed at any moment leave a lock that the others go on with',
		async () => {
			const url = import.meta.resolve('@conc/lock');
			for (let round = 0; round < 5; round++) {
				const lock = new RWLock({ onAbandoned: 'release' });
				const counts = new Int32Array(new SharedArrayBuffer(4 * 5));
				const threads = [true, false, true].map((sync) =>
					start('rw-check', { url, lock, counts, sync, times: 2 ** 30 }),
				);
				const entered = () => Atomics.load(counts, 3) + Atomics.load(counts, 4);
				while (entered() < 100) await setTimeout(1);
				for (const thread of threads) {
					const killed = thread.end();
					expect(await lock.write.with(() => lock.read.locked)).toBe(false);
					expect(await lock.read.with(() => lock.write.locked)).toBe(false);
					await killed;
				}
				expect(await lock.write.acquire()).toBe(true);
				lock.write.release();
				expect([await lock.read.acquire(), lock.read.owners.length]).toEqual([true, 1]);
			}
		},
	);

	it.runIf(medium === 'thread')(
		'a fresh thread with the record of a dead reader does not inherit what that one read',
		async () => {
			const lock = new RWLock();
			const reader = await mortal(lock, 'read');
			const dead = lock.read.owners[0] as number;
			await kill(reader);
			const registry = Registry.ours();
			while (registry.isAlive(dead)) await setTimeout(1);
			// Each lives on without reading; one of them gets the record.
			const begin = async () => {
				const fresh = start('rw-release', { lock });
				return { fresh, ...((await fresh.next()) as { id: number; released: string }) };
			};
			let heir = await begin();
			while (Registry.indexOf(heir.id) !== Registry.indexOf(dead)) heir = await begin();
			expect(heir.released).toBe('CONC_LOCK');
			expect(lock.write.tryAcquire()).toBe(true);
			lock.write.release();
			heir.fresh.tell('read');
			expect(await heir.fresh.next()).toEqual([heir.id]);
			heir.fresh.tell('release');
			expect(await heir.fresh.next()).toEqual([]);
			expect(lock.write.tryAcquire()).toBe(true);
		},
	);
});
