import { inspect } from 'node:util';
import type { Medium } from '@conc/core';
import { BoundedSemaphore, LockError, Semaphore, SharedValue, TimeoutError } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { media, startIn } from './support/workers.js';

const ways = ['terminated', 'exiting', 'out of memory', 'returning'] as const;

/** All of them close the connection of a process alike, which abandoned.test.ts shows. */
const waysOf = (medium: Medium) => (medium === 'thread' ? ways : ways.slice(0, 2));

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	describe.each([
		['Semaphore', Semaphore],
		['BoundedSemaphore', BoundedSemaphore],
	])('a %s', (kind, Kind) => {
		it('starts with 1 permit, or as many as it is given (test_constructor, test_default_value)', () => {
			expect(new Kind().value).toBe(1);
			expect(new Kind(0).value).toBe(0);
			expect(new Kind(2 ** 30 - 1).value).toBe(2 ** 30 - 1);
			for (const wrong of [-1, 1.5, Number.NaN, 2 ** 30]) expect(() => new Kind(wrong)).toThrow(RangeError);
			expect(() => new Kind('2' as unknown as number)).toThrow(TypeError);
		});

		it('lets in as many as there are permits, and the others one for one (test_acquire, test_acquire_contended)', async () => {
			const permits = new Kind(7);
			for (let i = 0; i < 7; i++) expect(permits.acquireSync()).toBe(true);
			const passed: number[] = [];
			const others = [1, 2, 3].map((me) => permits.acquire().then(() => passed.push(me)));
			await untilWaiting(permits, 3);
			expect(passed).toEqual([]);
			for (let released = 1; released <= 3; released++) {
				permits.release();
				await others[released - 1];
				expect(passed.length).toBe(released);
			}
			for (let i = 0; i < 7; i++) permits.release();
			expect(permits.value).toBe(7);
			expect(waitersOf(permits)).toBe(0);
		});

		it.each([true, false])(
			'releases to waiters of other threads (blocking: %s) (test_acquire_contended, test_multirelease)',
			async (sync) => {
				const permits = new Kind(2);
				permits.acquireSync();
				permits.acquireSync();
				const takers = Array.from({ length: 4 }, () => start('acquire-once', { lock: permits, kind, sync }));
				await untilWaiting(permits, 4);
				permits.release(2);
				expect(await Promise.all(takers.map((taker) => taker.next()))).toEqual([true, true, true, true]);
				expect(permits.value).toBe(2);
			},
		);

		it('is not acquired within a time limit, and its value is as before (test_try_acquire, test_acquire_timeout)', async () => {
			const permits = new Kind(1);
			permits.acquireSync();
			expect(permits.tryAcquire()).toBe(false);
			expect(permits.acquireSync({ timeout: 0 })).toBe(false);
			expect(permits.acquireSync({ timeout: 5 })).toBe(false);
			expect(await permits.acquire({ timeout: 5 })).toBe(false);
			await expect(permits.with(() => 1, { timeout: 5 })).rejects.toThrow(TimeoutError);
			expect([permits.value, waitersOf(permits)]).toEqual([0, 0]);
			permits.release();
			expect(permits.value).toBe(1);
			expect(permits.tryAcquire()).toBe(true);
		});

		it('gives threads that only try no more permits than it has (test_try_acquire_contended)', async () => {
			const permits = new Kind(3);
			const tries = Array.from({ length: 5 }, () => start('try-acquire', { lock: permits, kind }).next());
			expect((await Promise.all(tries)).sort()).toEqual([false, false, true, true, true]);
			expect([permits.value, permits.tryAcquire(), waitersOf(permits)]).toEqual([0, false, 0]);
		});

		it('dropped while a permit is taken leaves nothing behind (test_acquire_destroy)', () => {
			for (let i = 0; i < 20_000; i++) new Kind().acquireSync();
			expect(new Kind().tryAcquire()).toBe(true);
		});

		it('gives the permit back when the function returns or throws (test_with)', async () => {
			const permits = new Kind(2);
			expect(await permits.with(() => permits.value)).toBe(1);
			await expect(permits.with(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
			expect(permits.withSync(() => permits.value)).toBe(1);
			const held = await permits.hold();
			expect(permits.value).toBe(1);
			held.release();
			held.release();
			expect(permits.value).toBe(2);
		});

		it('refuses to release what is no number of permits (test_multirelease)', () => {
			const permits = new Kind(1);
			for (const wrong of [0, -1, 1.5, Number.NaN, '1' as unknown as number]) {
				expect(() => permits.release(wrong)).toThrow(RangeError);
			}
			expect(permits.value).toBe(1);
		});

		it('says its state (test_repr)', () => {
			expect(inspect(new Kind(3, { name: 'slots' }))).toBe(`${kind} "slots" (value 3)`);
		});
	});
});

it('a Semaphore may be released above its start value (test_release_unacquired)', () => {
	const permits = new Semaphore(1);
	permits.release(2);
	expect(permits.value).toBe(3);
	expect(() => permits.release(2 ** 30 - 1)).toThrow(LockError);
	expect(permits.value).toBe(3);
});

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	it('a BoundedSemaphore may not, also when two threads race for it (test_release_unacquired)', async () => {
		const permits = new BoundedSemaphore(2);
		expect(() => permits.release()).toThrow(LockError);
		expect(permits instanceof Semaphore).toBe(true);
		permits.acquireSync();
		const both = [1, 2].map(() => start('release', { lock: permits, kind: 'BoundedSemaphore' }).next());
		expect((await Promise.all(both)).sort()).toEqual(['CONC_LOCK', 'released']);
		expect(permits.value).toBe(2);
	});
});

it('release(n) wakes n at once (test_multirelease)', async () => {
	const permits = new Semaphore(0);
	let passed = 0;
	const takers = Array.from({ length: 5 }, () => permits.acquire().then(() => passed++));
	await untilWaiting(permits, 5);
	permits.release(3);
	await Promise.all(takers.slice(0, 3));
	expect([passed, permits.value, waitersOf(permits)]).toEqual([3, 0, 2]);
	permits.release(2);
	await Promise.all(takers);
	expect(permits.value).toBe(0);
});

it('a thousand tasks share three permits', async () => {
	const permits = new Semaphore(3);
	let inside = 0;
	let most = 0;
	const task = () =>
		permits.with(async () => {
			most = Math.max(most, ++inside);
			await Promise.resolve();
			inside--;
		});
	await Promise.all(Array.from({ length: 1000 }, task));
	expect([most, permits.value, waitersOf(permits)]).toEqual([3, 3, 0]);
});

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	it('a Semaphore of one permit keeps threads apart', async () => {
		const lock = new Semaphore(1);
		const total = new SharedValue('int32');
		const times = medium === 'thread' ? 2000 : 200;
		const counters = [true, false, true].map((sync) =>
			start('count-under-lock', { lock, total, sync, times, kind: 'Semaphore' }),
		);
		await Promise.all(counters.map((counter) => counter.next()));
		expect([total.value, lock.value]).toEqual([3 * times, 1]);
	});

	describe.each([
		['Semaphore', Semaphore],
		['BoundedSemaphore', BoundedSemaphore],
	])("a %s with onAbandoned: 'release'", (kind, Kind) => {
		const make = (value: number) => new Kind(value, { onAbandoned: 'release' });

		it('lets in as many as there are permits, and the others one for one', async () => {
			const permits = make(3);
			expect([permits.tryAcquire(), permits.acquireSync(), await permits.acquire()]).toEqual([
				true,
				true,
				true,
			]);
			expect([permits.value, permits.tryAcquire(), await permits.acquire({ timeout: 1 })]).toEqual([
				0,
				false,
				false,
			]);
			const passed: number[] = [];
			const others = [1, 2, 3].map((me) => permits.acquire().then(() => passed.push(me)));
			await untilWaiting(permits, 3);
			permits.release();
			await others[0];
			expect(passed).toEqual([1]);
			permits.release(2);
			await Promise.all(others);
			expect(passed).toEqual([1, 2, 3]);
			permits.release(3);
			expect([permits.value, waitersOf(permits)]).toEqual([3, 0]);
		});

		it.each(waysOf(medium))('gives the permits of a thread %s to those who wait', async (how) => {
			for (const sync of [true, false]) {
				const permits = make(2);
				const holder = start('hold-permits', { permits, kind, how, times: 2 });
				expect(await holder.next()).toBe('held');
				const waiters = [1, 2].map(() => start('acquire-once', { lock: permits, kind, sync }));
				await untilWaiting(permits, 2);
				expect(permits.value).toBe(0);
				if (how === 'terminated') await holder.end();
				else holder.tell('end');
				expect(await Promise.all(waiters.map((waiter) => waiter.next()))).toEqual([true, true]);
			}
		});

		it('has the permits of a thread that ended for who comes later too', async () => {
			const permits = make(1);
			const holder = start('hold-permits', { permits, kind, how: 'terminated', times: 1 });
			await holder.next();
			await holder.end();
			expect(await permits.with(() => permits.value)).toBe(0);
			expect(permits.value).toBe(1);
		});

		it('is released by who acquired it, and not more often', async () => {
			const permits = make(2);
			expect(() => permits.release()).toThrow(LockError);
			const holder = start('hold-permits', { permits, kind, how: 'terminated', times: 1 });
			await holder.next();
			expect(() => permits.release()).toThrow('by a thread that has 0');
			permits.acquireSync();
			expect(() => permits.release(2)).toThrow('given back 2 by a thread that has 1');
			expect(permits.value).toBe(0);
			permits.release();
			expect(permits.value).toBe(1);
		});

		it('has 1 to 1024 permits', () => {
			for (const wrong of [0, 1_025]) expect(() => make(wrong)).toThrow(RangeError);
			expect(make(1_024).value).toBe(1_024);
			const made = (options: unknown) => () => new Kind(1, options as { name: string });
			expect(made({ onAbandoned: 'drop' })).toThrow("onAbandoned must be 'keep' or 'release', not 'drop'");
			expect(made({ onAbandoned: {} })).toThrow("onAbandoned must be 'keep' or 'release', not an object");
			expect(made('release')).toThrow('options must be an object, not a string');
			expect(made(null)).toThrow('options must be an object, not null');
		});
	});

	it.each(waysOf(medium))(
		'the permits of a thread %s stay taken, unless it was said otherwise',
		async (how) => {
			const permits = new Semaphore(2);
			const holder = start('hold-permits', { permits, kind: 'Semaphore', how, times: 1 });
			await holder.next();
			const ended = holder.ended();
			if (how === 'terminated') await holder.end();
			else holder.tell('end');
			await ended;
			expect([permits.value, permits.tryAcquire(), permits.tryAcquire()]).toEqual([1, true, false]);
			permits.release(2); // also the one it had
			expect(permits.value).toBe(2);
		},
	);
});
