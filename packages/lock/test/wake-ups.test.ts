import type { Shareable } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { copyOfPackage, heldUpBeforeNotifying, heldUpInLine, seldomLooking } from './support/copies.js';
import { untilAsleep, waitersOf } from './support/waiting.js';
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

describe('who has looked while it was the turn of the one before is woken', async () => {
	const { url, exports } = await copyOfPackage((text) => heldUpInLine(seldomLooking(text)));

	/** Two threads in line that have not looked yet. */
	async function twoInLine(kind: string, thing: Shareable) {
		const one = async () => {
			const words = new Int32Array(new SharedArrayBuffer(8));
			const thread = start('held-up', { url, kind, thing, words });
			expect(await thread.next()).toBe('joined');
			const open = (gate: number) => {
				Atomics.store(words, gate, 1);
				Atomics.notify(words, gate);
			};
			return { thread, look: () => open(0), goOn: () => open(1) };
		};
		return [await one(), await one()] as const;
	}

	it.each(['keep', 'release'] as const)('for a Semaphore with onAbandoned: %s', async (onAbandoned) => {
		const permits = new exports.Semaphore(1, { onAbandoned });
		permits.acquireSync();
		const [first, second] = await twoInLine('Semaphore', permits);
		permits.release();
		second.look();
		await untilAsleep(permits, 0, 1);
		first.look();
		expect(await first.thread.next()).toBe('has it');
		first.goOn();
		expect(await second.thread.next()).toBe('has it');
		second.goOn();
	});

	it('for an item of a Queue', async () => {
		const queue = new exports.Queue();
		const [first, second] = await twoInLine('Queue', queue);
		queue.putNowait(1);
		second.look();
		await untilAsleep(queue, 0, 1);
		first.look();
		expect(await first.thread.next()).toBe('has it');
		queue.putNowait(2);
		expect(await second.thread.next()).toBe('has it');
	});

	it('for room in a Queue', async () => {
		const queue = new exports.Queue({ maxsize: 1 });
		queue.putNowait(0);
		const [first, second] = await twoInLine('Queue to put', queue);
		queue.getNowait();
		second.look();
		await untilAsleep(queue, 1, 1);
		first.look();
		expect(await first.thread.next()).toBe('has it');
		queue.getNowait();
		expect(await second.thread.next()).toBe('has it');
	});
});

it('a notice that is passed on is not lost to one that came later, in the slot of who was to have it', async () => {
	const { url, exports } = await copyOfPackage(heldUpBeforeNotifying);
	const lock = new exports.Lock();
	const condition = new exports.Condition(lock);
	const words = new Int32Array(new SharedArrayBuffer(8));
	const goOn = (step: number) => {
		Atomics.store(words, step, 1);
		Atomics.notify(words, step);
	};
	const first = start('pass-notice-on-when-held-up', { url, condition, words });
	expect(await first.next()).toBe('waits');
	const controller = new AbortController();
	await condition.acquire();
	const second = condition.wait({ signal: controller.signal });
	await condition.acquire();
	const third = condition.wait().finally(() => condition.release());
	await condition.acquire();
	condition.notify();
	condition.release();
	goOn(0);
	expect(await first.next()).toBe('about to pass it on'); // to the second
	controller.abort('no more');
	await expect(second).rejects.toBe('no more');
	const late = condition.wait().finally(() => condition.release()); // which may be told for nothing
	goOn(1);
	expect(await third).toBe(true);
	await condition.with(() => condition.notify());
	await late;
});
