import { describe, expect, it } from 'vitest';
import { copyOfPackage, seldomLooking } from './support/copies.js';
import { waitersOf } from './support/waiting.js';
import { start } from './support/workers.js';

const { url, exports } = await copyOfPackage(seldomLooking);

describe.each([
	['blocking', [true, true, true]],
	['asynchronous', [false, false]],
	['mixed', [true, false, true, false]],
] as const)('of %s waiters of several threads each is woken', (_, waiters) => {
	it.each(['Lock', 'RLock', 'Semaphore'] as const)('by a release of a %s', async (kind) => {
		const lock = new exports[kind]();
		const contenders = waiters.map((sync) => start('contend', { url, kind, lock, sync, times: 300 }));
		await Promise.all(contenders.map((contender) => contender.next()));
		expect(waitersOf(lock)).toBe(0);
		expect(lock.tryAcquire()).toBe(true);
	});

	it('by a release of an RWLock', async () => {
		const lock = new exports.RWLock();
		const counts = new Int32Array(new SharedArrayBuffer(4 * 5));
		const threads = waiters.map((sync) => start('rw-check', { url, lock, counts, sync, times: 300 }));
		await Promise.all(threads.map((thread) => thread.next()));
		expect([...counts].slice(0, 3)).toEqual([0, 0, 0]);
		expect(waitersOf(lock)).toBe(0);
		expect(lock.write.tryAcquire()).toBe(true);
	});

	it('by the set of an event', async () => {
		const ping = new exports.Event();
		const pong = new exports.Event();
		const other = start('ping-pong', { url, ping, pong, sync: waiters[0], times: 300 });
		for (let i = 0; i < 300; i++) {
			ping.set();
			await pong.wait();
			pong.clear();
		}
		expect(await other.next()).toBe('done');
	});
});

it('the next in line is woken when the one in front has an abort or a time-out', async () => {
	const lock = new exports.Lock();
	for (let i = 0; i < 100; i++) {
		await lock.acquire();
		const controller = new AbortController();
		const first = lock.acquire({ signal: controller.signal });
		const second = lock.acquire({ timeout: 1 });
		const third = lock.acquire();
		lock.release(); // tells the first, which learns of it only when the event loop turns
		controller.abort('never mind');
		await expect(first).rejects.toBe('never mind');
		if (await second) lock.release();
		expect(await third).toBe(true);
		lock.release();
	}
});

it('two permits given back one after the other wake two', async () => {
	const permits = new exports.Semaphore(0);
	for (let i = 0; i < 100; i++) {
		const takers = [permits.acquire(), permits.acquire(), permits.acquire()];
		permits.release();
		permits.release();
		permits.release();
		await Promise.all(takers);
	}
	expect(permits.value).toBe(0);
});
