import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { revive, type Shareable, share } from '@conc/core';
import { Barrier, BrokenBarrierError, DeadlockError, Event, LockError, SharedValue } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { type Action, broken, here, type Party, partiesIn, untilWaiting } from './support/parties.js';
import { waitersOf } from './support/waiting.js';
import { media, startIn } from './support/workers.js';

// Ported from CPython's test/lock_tests.py, BarrierTests: the name in brackets. Two of the five parties block their
// thread, two wait asynchronously in theirs, and one is a task of this thread.
const PARTIES = 5;
const OTHERS = [true, false, true, false];

describe.each(media)('where the others are each a %s,', (medium) => {
	const start = startIn(medium);
	const party = partiesIn(medium);
	const others = (barrier: Barrier, action?: Action, seen?: Shareable) =>
		OTHERS.map((sync) => party(barrier, sync, action, seen));

	describe('a barrier', () => {
		it('takes 1 to 2**20 parties, a function and a time [test_constructor]', () => {
			for (const parties of [0, -1, 1.5, Number.NaN, 2 ** 20 + 1, Number.POSITIVE_INFINITY])
				expect(() => new Barrier(parties)).toThrow(RangeError);
			for (const parties of ['3', undefined, null, 3n]) {
				expect(() => new Barrier(parties as never)).toThrow(TypeError);
			}
			expect(() => new Barrier(2, null as never)).toThrow('options must be an object such as');
			expect(() => new Barrier(2, { action: 'run' as never })).toThrow(TypeError);
			expect(() => new Barrier(2, { timeout: -1 })).toThrow(RangeError);
			expect(() => new Barrier(2, { timeout: '1' as never })).toThrow(TypeError);
			expect(new Barrier(2 ** 20)).toMatchObject({ parties: 2 ** 20, waiting: 0, broken: false });
		});

		it.runIf(medium === 'thread').each([
			['once [test_barrier]', 1],
			['ten times [test_barrier_10]', 10],
			['a hundred times', 100],
		])('is passed in lockstep %s', async (_, rounds) => {
			const barrier = new Barrier(PARTIES);
			const counts = new Int32Array(new SharedArrayBuffer(8));
			const threads = [...OTHERS, false].map((sync) =>
				start('barrier-lockstep', { barrier, sync, rounds, counts }),
			);
			for (const thread of threads) expect(await thread.next()).toEqual([]);
			expect([...counts]).toEqual([rounds * PARTIES, rounds * PARTIES]);
			expect(barrier).toMatchObject({ waiting: 0, broken: false });
			expect(waitersOf(barrier)).toBe(0);
		});

		it('gives each party another number from 0 [test_wait_return]', async () => {
			const barrier = new Barrier(PARTIES);
			const parties = others(barrier);
			for (let round = 0; round < 20; round++) {
				const waits = [...parties.map((party) => party.wait()), barrier.wait()];
				expect((await Promise.all(waits)).sort()).toEqual([0, 1, 2, 3, 4]);
			}
		});

		it('runs the action once in each round, before anybody goes on [test_action]', async () => {
			const seen = new SharedValue('int32');
			const barrier = new Barrier(PARTIES, { action: () => void seen.add(1) });
			const parties = others(barrier, 'count', seen);
			for (let round = 1; round <= 20; round++) {
				const waits = [...parties.map((party) => party.wait()), barrier.wait()];
				const ran = waits.map((wait) => wait.then(() => seen.value));
				expect(await Promise.all(ran)).toEqual(new Array(PARTIES).fill(round));
			}
		});

		it('breaks for all who wait and come when it is aborted [test_abort]', async () => {
			const barrier = new Barrier(PARTIES, { name: 'start' });
			const parties = others(barrier);
			const waits = parties.map((party) => party.wait());
			await untilWaiting(barrier, PARTIES - 1);
			barrier.abort();
			expect(barrier).toMatchObject({ broken: true, waiting: 0 });
			for (const wait of waits) {
				expect(await wait).toEqual({
					...broken,
					message: expect.stringMatching(/^Barrier "start" is broken: /),
				});
			}
			for (const party of parties) expect(await party.wait()).toMatchObject(broken);
			await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError);
			expect(() => barrier.waitSync({ timeout: 0 })).toThrow(LockError);
			expect(waitersOf(barrier)).toBe(0);
		});

		it('lets those who wait go with an error when it is reset, and is passed again [test_reset]', async () => {
			const barrier = new Barrier(PARTIES);
			const parties = others(barrier);
			for (let round = 0; round < 5; round++) {
				const waits = parties.map((party) => party.wait());
				await untilWaiting(barrier, PARTIES - 1);
				barrier.reset();
				expect(barrier).toMatchObject({ broken: false, waiting: 0 });
				for (const wait of waits) {
					expect(await wait).toEqual({ ...broken, message: 'Barrier was reset meanwhile' });
				}
				const again = [...parties.map((party) => party.wait()), barrier.wait()];
				expect((await Promise.all(again)).sort()).toEqual([0, 1, 2, 3, 4]);
			}
		});

		it('is whole again when it is reset after an abort [test_abort_and_reset]', async () => {
			const barrier = new Barrier(PARTIES);
			const parties = others(barrier);
			const waits = parties.map((party) => party.wait());
			await untilWaiting(barrier, PARTIES - 1);
			barrier.abort();
			for (const wait of waits) expect(await wait).toMatchObject(broken);
			barrier.reset();
			expect(barrier.broken).toBe(false);
			const again = [...parties.map((party) => party.wait()), barrier.wait()];
			expect((await Promise.all(again)).sort()).toEqual([0, 1, 2, 3, 4]);
		});

		it('stays as it is when it is reset with nobody there', async () => {
			const barrier = new Barrier(2);
			barrier.reset();
			const first = barrier.wait();
			expect([barrier.waitSync(), await first]).toEqual([1, 0]);
		});

		it.each([
			['blocks its thread', true],
			['waits asynchronously', false],
		])('breaks for all when one is late, which the one that %s finds [test_timeout]', async (_, sync) => {
			const barrier = new Barrier(PARTIES);
			const message = expect.stringContaining('not all 5 parties came within the time limit');
			const waits = others(barrier)
				.slice(1)
				.map((party) => party.wait());
			await untilWaiting(barrier, PARTIES - 2);
			waits.push(party(barrier, sync).wait({ timeout: 50 }));
			for (const wait of waits) expect(await wait).toEqual({ ...broken, message });
			expect(await here(barrier.wait())).toEqual({ ...broken, message });
			barrier.reset();
			const again = [...others(barrier).map((party) => party.wait()), barrier.wait()];
			expect((await Promise.all(again)).sort()).toEqual([0, 1, 2, 3, 4]);
		});

		it('breaks at once for one that will not wait and is not the last', async () => {
			const barrier = new Barrier(2);
			expect(() => barrier.waitSync({ timeout: 0 })).toThrow(BrokenBarrierError);
			barrier.reset();
			expect(await here(barrier.wait({ timeout: 0 }))).toMatchObject(broken);
			barrier.reset();
			const first = barrier.wait();
			expect([barrier.waitSync({ timeout: 0 }), await first]).toEqual([1, 0]);
		});

		it('has a time limit for waits without one of their own [test_default_timeout]', async () => {
			const barrier = new Barrier(2, { timeout: 100 });
			const same = Barrier[revive](structuredClone(barrier[share]('thread')) as never);
			const message = expect.stringContaining('not all 2 parties came within the time limit');
			for (const wait of [
				() => here(barrier.wait()),
				() => here(same.wait()),
				() => party(barrier, true).wait(),
				() => party(barrier, false).wait(),
			]) {
				const began = performance.now();
				expect(await wait()).toEqual({ ...broken, message });
				expect(performance.now() - began).toBeGreaterThanOrEqual(99);
				barrier.reset();
			}
			const patient = barrier.wait({ timeout: Number.POSITIVE_INFINITY });
			await setTimeout(150);
			expect([barrier.waitSync(), await patient]).toEqual([1, 0]);
		});

		it('for one party never sleeps [test_single_thread]', async () => {
			let ran = 0;
			const barrier = new Barrier(1, { action: () => void ran++ });
			for (let i = 0; i < 1000; i++) expect(barrier.waitSync({ timeout: 0 })).toBe(0);
			expect(await barrier.wait({ timeout: 0 })).toBe(0);
			expect(ran).toBe(1001);
		});

		it('says how many wait, and whether it is broken [test_repr]', async () => {
			const barrier = new Barrier(3, { name: 'start' });
			expect(inspect(barrier)).toBe('Barrier "start" (0 of 3 waiting)');
			const waits = [party(barrier, true).wait(), party(barrier, false).wait()];
			await untilWaiting(barrier, 2);
			expect(inspect(barrier)).toBe('Barrier "start" (2 of 3 waiting)');
			expect(barrier.waitSync()).toBe(2);
			await Promise.all(waits);
			expect(`${barrier}`).toBe('Barrier "start" (0 of 3 waiting)');
			barrier.abort();
			expect(`${barrier}`).toBe('Barrier "start" (broken)');
		});
	});

	it('one that comes while the action runs is in the next round', async () => {
		const seen = new Event();
		const barrier = new Barrier(2);
		const first = party(barrier, true).wait();
		await untilWaiting(barrier, 1);
		const last = party(barrier, true, 'sleep', seen).wait();
		await untilWaiting(barrier, 2);
		const early = [barrier.wait(), party(barrier, true).wait()];
		await setTimeout(50);
		seen.set();
		expect(await Promise.all([first, last])).toEqual([0, 1]);
		expect((await Promise.all(early)).sort()).toEqual([0, 1]);
	});

	describe.runIf(medium === 'thread')('more parties than have a place in line', () => {
		it.each([
			['blocks', true],
			['waits asynchronously', false],
		])('pass in lockstep, all but one of them in one thread, and one that %s', async (_, sync) => {
			const counts = new Int32Array(new SharedArrayBuffer(8));
			const barrier = new Barrier(130);
			const threads = [
				start('barrier-lockstep', { barrier, sync: false, tasks: 129, rounds: 10, counts }),
				start('barrier-lockstep', { barrier, sync, rounds: 10, counts }),
			];
			for (const thread of threads) expect(await thread.next()).toEqual([]);
			expect(waitersOf(barrier)).toBe(0);
		});

		it('ten thousand tasks each get another number', async () => {
			const barrier = new Barrier(10_000);
			const waits = Array.from({ length: 9_999 }, () => barrier.wait());
			expect(barrier.waiting).toBe(9_999);
			expect(barrier.waitSync()).toBe(9_999);
			expect(await Promise.all(waits)).toEqual(Array.from({ length: 9_999 }, (_, place) => place));
		});

		it('are all told when it is broken', async () => {
			const barrier = new Barrier(1000);
			const waits = Array.from({ length: 500 }, () => here(barrier.wait()));
			const late = here(barrier.wait({ timeout: 20 }));
			expect(await late).toMatchObject(broken);
			for (const wait of waits) expect(await wait).toMatchObject(broken);
			expect(waitersOf(barrier)).toBe(0);
		});
	});

	describe('the action', () => {
		it('that throws breaks the barrier for all, and the error goes to the one that ran it', async () => {
			const barrier = new Barrier(PARTIES);
			const parties = others(barrier, 'throw');
			for (const last of [0, 1]) {
				const rest = parties.filter((_, at) => at !== last).map((party) => party.wait());
				rest.push(here(barrier.wait()));
				await untilWaiting(barrier, PARTIES - 1);
				expect(await parties[last]?.wait()).toMatchObject({ name: 'TypeError', message: 'no rain today' });
				const message = expect.stringContaining('its action failed: TypeError: no rain today');
				for (const wait of rest) expect(await wait).toEqual({ ...broken, message });
				expect(await here(barrier.wait())).toEqual({ ...broken, message });
				barrier.reset();
			}
		});

		it.each([
			['the text of the error is long', new RangeError('ö'.repeat(10_000)), 'RangeError: öööö'],
			['what it throws is no error', { rain: 1 }, '{ rain: 1 }'],
		])('is named when it failed, also when %s', async (_, thrown, text) => {
			const action = () => {
				throw thrown;
			};
			const barrier = new Barrier(2, { action });
			const first = here(barrier.wait());
			await expect(barrier.wait()).rejects.toBe(thrown);
			expect(() => barrier.waitSync()).toThrow(BrokenBarrierError);
			expect(await first).toEqual({
				...broken,
				message: expect.stringContaining(`its action failed: ${text}`),
			});
		});

		it('must not be async', async () => {
			const barrier = new Barrier(2, { action: async () => {} });
			const first = here(barrier.wait());
			expect(() => barrier.waitSync()).toThrow(TypeError);
			expect(await first).toMatchObject(broken);
		});

		it('may take longer than the time limit: nobody is late then', async () => {
			const seen = new Event();
			const barrier = new Barrier(3);
			const [blocked, asleep, acting] = [true, false, true].map((sync) =>
				party(barrier, sync, 'sleep', seen),
			) as [Party, Party, Party];
			barrier.abort();
			for (const party of [blocked, asleep, acting]) expect(await party.wait()).toMatchObject(broken); // they run
			barrier.reset();
			const waits = [blocked.wait({ timeout: 1_000 }), asleep.wait({ timeout: 1_000 })];
			await untilWaiting(barrier, 2);
			waits.push(acting.wait());
			await setTimeout(1_200);
			expect(barrier).toMatchObject({ broken: false, waiting: 3 });
			seen.set();
			expect((await Promise.all(waits)).sort()).toEqual([0, 1, 2]);
		});

		it('finds everybody there, and may come to the barrier itself, but not block for it', async () => {
			const seen: unknown[] = [];
			const waits: Promise<number>[] = [];
			const barrier = new Barrier(2, {
				action() {
					seen.push(barrier.waiting, barrier.broken);
					if (waits.length > 0) return;
					waits.push(barrier.wait());
					expect(() => barrier.waitSync()).toThrow(DeadlockError);
				},
			});
			const first = barrier.wait();
			expect([barrier.waitSync(), await first]).toEqual([1, 0]);
			await untilWaiting(barrier, 1);
			expect([barrier.waitSync(), await waits[0]]).toEqual([1, 0]);
			expect(seen).toEqual([2, false, 2, false]);
		});

		it('may abort or reset the barrier: nobody is let go then', async () => {
			for (const way of ['abort', 'reset'] as const) {
				const barrier: Barrier = new Barrier(2, { action: () => barrier[way]() });
				const first = here(barrier.wait());
				expect(() => barrier.waitSync()).toThrow(BrokenBarrierError);
				expect(await first).toMatchObject(broken);
				expect(barrier.broken).toBe(way === 'abort');
			}
		});
	});

	describe('a signal', () => {
		it('that is aborted rejects with its reason and breaks the barrier for the others', async () => {
			const barrier = new Barrier(PARTIES);
			const waits = others(barrier)
				.slice(1)
				.map((party) => party.wait());
			const controller = new AbortController();
			const aborted = barrier.wait({ signal: controller.signal });
			await untilWaiting(barrier, PARTIES - 1);
			controller.abort('no time');
			await expect(aborted).rejects.toBe('no time');
			for (const wait of waits) expect(await wait).toMatchObject(broken);
			expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
			expect(waitersOf(barrier)).toBe(0);
		});

		it('that was aborted before does the same', async () => {
			const barrier = new Barrier(2);
			const other = here(barrier.wait());
			await expect(barrier.wait({ signal: AbortSignal.abort('never') })).rejects.toBe('never');
			expect(await other).toMatchObject(broken);
		});
	});

	it('one who gives up before it has a place leaves the round of the others alone', async () => {
		const controller = new AbortController();
		let early: Promise<unknown> = Promise.resolve();
		const action = () => {
			// All places of the round are taken: this is one too many.
			early = barrier.wait({ signal: controller.signal }).catch((reason) => reason);
			controller.abort('too many');
		};
		const barrier: Barrier = new Barrier(2, { action });
		const places = await Promise.all([barrier.wait(), barrier.wait()]);
		expect(places.sort()).toEqual([0, 1]);
		expect(await early).toBe('too many');
		expect(barrier.broken).toBe(false);
	});
});
