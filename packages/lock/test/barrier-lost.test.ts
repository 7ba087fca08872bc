import { setTimeout } from 'node:timers/promises';
import { Barrier, Event } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { broken, here, partiesIn, untilWaiting } from './support/parties.js';
import { waitersOf } from './support/waiting.js';
import { media, partyName, startIn } from './support/workers.js';

const lostBy = (name: string) => ({
	...broken,
	message: expect.stringMatching(new RegExp(`^Barrier is broken: ${name} ended while it waited\n`)),
});
const lost = lostBy(partyName);

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);
	const party = partiesIn(medium);

	describe('a party that ends while it waits breaks the barrier for the rest', () => {
		it.each(['exiting', 'running out of memory'])('by %s, while all the others block', async (how) => {
			const barrier = new Barrier(5);
			const others = [true, true].map((sync) => party(barrier, sync).wait());
			start('barrier-end-inside', { barrier, how, waiting: 4 });
			await untilWaiting(barrier, 3);
			expect(() => barrier.waitSync()).toThrow(new RegExp(`${partyName} ended while it waited`));
			for (const other of others) expect(await other).toEqual(lost);
		});

		it.each([
			['blocks', true],
			['waits asynchronously', false],
		])('when it %s and is terminated', async (_, sync) => {
			const barrier = new Barrier(5);
			const others = [true, false].map((sync) => party(barrier, sync).wait());
			others.push(here(barrier.wait()));
			const ending = party(barrier, sync);
			void ending.wait();
			await untilWaiting(barrier, 4);
			await ending.end();
			for (const other of others) expect(await other).toEqual(lost);
			expect(barrier).toMatchObject({ broken: true, waiting: 0 });
			barrier.reset();
			const again = [
				...[true, false, true, false].map((sync) => party(barrier, sync).wait()),
				barrier.wait(),
			];
			expect((await Promise.all(again)).sort()).toEqual([0, 1, 2, 3, 4]);
			// That of the party that ended stays until somebody looks again, or needs it.
			expect(waitersOf(barrier)).toBeLessThanOrEqual(1);
		});

		it('when nobody else was there yet', async () => {
			const barrier = new Barrier(3);
			const ending = party(barrier, true);
			void ending.wait();
			await untilWaiting(barrier, 1);
			await ending.end();
			expect(await here(barrier.wait())).toEqual(lost);
		});

		it('by exiting in the action', async () => {
			const barrier = new Barrier(4);
			const others = [true, false].map((sync) => party(barrier, sync).wait());
			others.push(here(barrier.wait()));
			await untilWaiting(barrier, 3);
			void party(barrier, true, 'exit').wait();
			for (const other of others) expect(await other).toEqual(lost);
		});

		it('by being terminated in the action, also for one that came after the last', async () => {
			const seen = new Event();
			const barrier = new Barrier(2);
			const first = party(barrier, true).wait();
			await untilWaiting(barrier, 1);
			const ending = party(barrier, true, 'sleep', seen);
			void ending.wait();
			await untilWaiting(barrier, 2);
			const early = [here(barrier.wait()), party(barrier, true).wait()];
			await setTimeout(100);
			expect(barrier.broken).toBe(false);
			await ending.end();
			// The record of the one that ended may be that of another by now.
			const lostByNow = lostBy(`(${partyName}|thread \\d+)`);
			for (const other of [first, ...early]) expect(await other).toEqual(lostByNow);
		});
	});
});
