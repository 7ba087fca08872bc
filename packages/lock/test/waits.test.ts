import { getEventListeners } from 'node:events';
import { Event, Lock, RLock, RWLock, Semaphore } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { start } from './support/workers.js';

/** Something of each kind that cannot be had now, and how it can. */
const kinds = {
	Lock() {
		const lock = new Lock();
		lock.acquireSync();
		return {
			primitive: lock,
			wait: lock.acquire.bind(lock),
			sync: lock.acquireSync.bind(lock),
			give: () => lock.release(),
		};
	},
	RLock() {
		const lock = new RLock();
		let end = () => {};
		const ended = new Promise<void>((resolve) => {
			end = resolve;
		});
		void lock.with(() => ended);
		return {
			primitive: lock,
			wait: lock.acquire.bind(lock),
			sync: lock.acquireSync.bind(lock),
			give: () => end(),
		};
	},
	'reading RWLock'() {
		const lock = new RWLock();
		lock.write.acquireSync();
		return {
			primitive: lock,
			wait: lock.read.acquire.bind(lock.read),
			sync: lock.read.acquireSync.bind(lock.read),
			give: () => lock.write.release(),
		};
	},
	'writing RWLock'() {
		const lock = new RWLock();
		lock.read.acquireSync();
		return {
			primitive: lock,
			wait: lock.write.acquire.bind(lock.write),
			sync: lock.write.acquireSync.bind(lock.write),
			give: () => lock.read.release(),
		};
	},
	Semaphore() {
		const permits = new Semaphore(0);
		return {
			primitive: permits,
			wait: permits.acquire.bind(permits),
			sync: permits.acquireSync.bind(permits),
			give: () => permits.release(),
		};
	},
	Event() {
		const event = new Event();
		return {
			primitive: event,
			wait: event.wait.bind(event),
			sync: event.waitSync.bind(event),
			give: () => event.set(),
		};
	},
};

describe.each(Object.entries(kinds))('a wait for a %s', (_, make) => {
	it('takes times that are times (test_timeout)', async () => {
		const { primitive, wait, sync } = make();
		for (const timeout of [-1, -0.1, Number.NaN, Number.NEGATIVE_INFINITY]) {
			await expect(wait({ timeout })).rejects.toThrow(RangeError);
			expect(() => sync({ timeout })).toThrow(RangeError);
		}
		for (const timeout of ['5', null, 5n, true, {}] as unknown as number[]) {
			await expect(wait({ timeout })).rejects.toThrow(TypeError);
			expect(() => sync({ timeout })).toThrow(TypeError);
		}
		await expect(wait({ signal: {} as AbortSignal })).rejects.toThrow('signal must be an AbortSignal');
		expect(waitersOf(primitive)).toBe(0);
	});

	it('is over at once with a time of 0', async () => {
		const { primitive, wait, sync } = make();
		expect(sync({ timeout: 0 })).toBe(false);
		expect(sync({ timeout: -0 })).toBe(false);
		expect(await wait({ timeout: 0 })).toBe(false);
		expect(waitersOf(primitive)).toBe(0);
	});

	it.each([2 ** 31, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
		'goes on with a time of %d',
		async (timeout) => {
			const { primitive, wait, give } = make();
			const waiting = wait({ timeout });
			// A timer that Node cut to 1 ms would be over before this one.
			expect(await new Event().wait({ timeout: 20 })).toBe(false);
			expect(waitersOf(primitive)).toBe(1);
			give();
			expect(await waiting).toBe(true);
		},
	);

	it('rejects with the reason of a signal, and leaves no trace', async () => {
		const { primitive, wait, give } = make();
		const controller = new AbortController();
		const reason = new Error('mine');
		const waits = Array.from({ length: 3 }, () => wait({ signal: controller.signal }));
		const other = wait();
		expect(waitersOf(primitive)).toBe(4);
		controller.abort(reason);
		for (const aborted of waits) await expect(aborted).rejects.toBe(reason);
		expect(waitersOf(primitive)).toBe(1);
		give();
		expect(await other).toBe(true);
		expect(waitersOf(primitive)).toBe(0);
	});

	it('does not begin with a signal that is aborted already', async () => {
		const { primitive, wait, give } = make();
		await expect(wait({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
		expect(waitersOf(primitive)).toBe(0);
		give();
		await expect(wait({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
	});

	it('ends in time beyond the size of the table too', async () => {
		const { primitive, wait } = make();
		const controller = new AbortController();
		const waits = Array.from({ length: 200 }, (_, i) =>
			i % 2 ? wait({ timeout: 5 }) : wait({ signal: controller.signal }),
		);
		const ends = Promise.allSettled(waits);
		controller.abort('enough');
		const [aborted, late] = await ends;
		expect(aborted).toEqual({ status: 'rejected', reason: 'enough' });
		expect(late).toEqual({ status: 'fulfilled', value: false });
		expect(waitersOf(primitive)).toBe(0);
	});
});

it('a turn that comes together with the abort goes to the next in line', async () => {
	const lock = new Lock();
	for (let i = 0; i < 50; i++) {
		await lock.acquire();
		const controller = new AbortController();
		const first = lock.acquire({ signal: controller.signal });
		const second = lock.acquire();
		lock.release(); // grants the first, which learns of it only when the event loop turns
		controller.abort('never mind');
		await expect(first).rejects.toBe('never mind');
		expect(await second).toBe(true);
		lock.release();
	}
	expect([lock.locked, waitersOf(lock)]).toEqual([false, 0]);
});

it('a permit that comes together with the abort is not lost', async () => {
	const permits = new Semaphore(0);
	for (let i = 0; i < 50; i++) {
		const controller = new AbortController();
		const wait = permits.acquire({ signal: controller.signal });
		permits.release();
		controller.abort('never mind');
		await expect(wait).rejects.toBe('never mind');
		expect(permits.tryAcquire()).toBe(true);
	}
	expect([permits.value, waitersOf(permits)]).toEqual([0, 0]);
});

it('one signal for many waits brings no warning and keeps no listener', async () => {
	const warnings: Error[] = [];
	const warn = (warning: Error) => warnings.push(warning);
	process.on('warning', warn);
	const { signal } = new AbortController();
	const listeners = () => getEventListeners(signal, 'abort').length;
	const lock = new Lock();
	await lock.acquire();
	const waits = Array.from({ length: 30 }, () => lock.with(() => 1, { signal }));
	expect(listeners()).toBe(1);
	lock.release();
	await Promise.all(waits);
	await new Event().wait({ timeout: 1 });
	process.off('warning', warn);
	expect(warnings).toEqual([]);
	expect(listeners()).toBe(0);
});

it('time-outs and releases that race lose no turn', async () => {
	const lock = new Lock();
	const other = start('hold-and-release', { lock, times: 300 });
	const tryFor = async (timeout: number) => {
		if (await lock.acquire({ timeout })) lock.release();
	};
	for (let i = 0; i < 300; i++) await Promise.all([tryFor(0), tryFor(1), tryFor(2)]);
	expect(await other.next()).toBe('done');
	await untilWaiting(lock, 0);
	expect(lock.tryAcquire()).toBe(true);
});
