import { inspect } from 'node:util';
import { Event } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { media, startIn } from './support/workers.js';

it('an event is set until it is cleared (test_is_set, test_repr)', () => {
	const event = new Event({ name: 'ready' });
	const seen: unknown[] = [[`${event}`, event.isSet]];
	for (const step of ['set', 'set', 'clear', 'clear'] as const) {
		event[step]();
		seen.push([inspect(event), event.isSet]);
	}
	const [set, not] = [
		['Event "ready" (set)', true],
		['Event "ready" (not set)', false],
	];
	expect(seen).toEqual([not, set, set, not, not]);
});

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);

	describe.each([true, false])('waiting for an event (blocking: %s)', (sync) => {
		it('ends for everybody when it is set, and at once afterwards (test_notify)', async () => {
			const event = new Event();
			const waiters = Array.from({ length: 5 }, () => start('wait-for-event', { event, sync, times: 2 }));
			await untilWaiting(event, 5);
			event.set();
			for (const waiter of waiters) expect([await waiter.next(), await waiter.next()]).toEqual([true, true]);
			expect(waitersOf(event)).toBe(0);
			event.clear();
			const again = start('wait-for-event', { event, sync, times: 1 });
			await untilWaiting(event, 1);
			event.set();
			expect(await again.next()).toBe(true);
		});

		it('ends for everybody who slept when it is set and cleared at once (test_set_and_clear)', async () => {
			const event = new Event();
			const waiters = Array.from({ length: 5 }, () => start('wait-for-event', { event, sync, times: 1 }));
			await untilWaiting(event, 5);
			event.set();
			event.clear();
			for (const waiter of waiters) expect(await waiter.next()).toBe(true);
		});
	});
});

it('a thousand tasks that slept go on when it is set and cleared at once (test_set_and_clear)', async () => {
	const event = new Event();
	const waits = Array.from({ length: 1000 }, () => event.wait());
	event.set();
	event.clear();
	expect((await Promise.all(waits)).every(Boolean)).toBe(true);
	expect(waitersOf(event)).toBe(0);
});

it('a wait with a time limit says whether the event came (test_timeout)', async () => {
	const event = new Event();
	const began = performance.now();
	expect(event.waitSync({ timeout: 0 })).toBe(false);
	expect(await event.wait({ timeout: 0 })).toBe(false);
	expect(event.waitSync({ timeout: 20 })).toBe(false);
	expect(await event.wait({ timeout: 20 })).toBe(false);
	expect(performance.now() - began).toBeGreaterThanOrEqual(40);
	event.set();
	expect(event.waitSync({ timeout: 0 })).toBe(true);
	expect(await event.wait({ timeout: 0 })).toBe(true);
	expect(event.waitSync()).toBe(true);
	expect(waitersOf(event)).toBe(0);
});

it('the event loop turns while a task waits', async () => {
	const event = new Event();
	let turns = 0;
	const turn = () => {
		if (++turns === 3) event.set();
		else setTimeout(turn);
	};
	setTimeout(turn);
	expect(await event.wait()).toBe(true);
	expect(turns).toBe(3);
});
