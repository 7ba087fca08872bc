import { Registry, share } from '@conc/core';
import { Barrier } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { broken, here, Party } from './support/parties.js';
import { waitersOf } from './support/waiting.js';

// The words as src/README.md, "Barrier", describes them.
const [WORD, RESETS] = [0, 1];
const [FULL, LOST, RESETTING] = [1, 4, 6];
const ROUND = 8;
const AFTER_TABLE = 4 * (16 + 8 + 64 * 8);
const FILLED = AFTER_TABLE + 4 * 64 + 512;

function wordsOf(barrier: Barrier) {
	const { memory } = barrier[share]('thread') as unknown as { memory: SharedArrayBuffer };
	return {
		own: new Int32Array(memory, 0, 16),
		filled: new BigInt64Array(memory, FILLED, 1),
		ends: new Int32Array(memory, AFTER_TABLE, 64),
		places: new BigInt64Array(memory, FILLED + 8, barrier.parties),
	};
}

function endedThread(): bigint {
	const registry = Registry.ours();
	const id = registry.add();
	registry.cancel(id);
	return BigInt(id);
}

type Words = ReturnType<typeof wordsOf>;

/** What a thread that ended at some instruction may have left behind. Two of the three parties are tasks of this one. */
const deaths: [string, (words: Words) => void][] = [
	['has taken a place', () => {}],
	['was the last, and has begun the action', ({ own }) => (own[WORD] = ROUND | FULL)],
	[
		'was the last, and has written down the end of the round',
		({ own, ends }) => {
			own[WORD] = ROUND | FULL;
			ends[1] = ROUND | FULL;
		},
	],
	['was the last, and another has found it', ({ own }) => (own[WORD] = ROUND | LOST)],
];

describe.each(deaths)('when a thread ends that %s', (_, leave) => {
	it('the round is broken for those who wait, and the next one is whole after a reset', async () => {
		const barrier = new Barrier(3, { timeout: 10_000 });
		const waits = [here(barrier.wait()), here(barrier.wait())];
		const words = wordsOf(barrier);
		words.places[2] = (BigInt(ROUND) << 32n) | endedThread();
		leave(words);
		for (const wait of waits) {
			expect(await wait).toMatchObject({
				...broken,
				message: expect.stringContaining('ended while it waited'),
			});
		}
		expect(barrier.broken).toBe(true);
		barrier.reset();
		expect(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).toEqual([0, 1, 2]);
	});
});

describe.each<[string, (words: Words) => void]>([
	['has begun', () => {}],
	['has written down the end of the round', ({ ends }) => (ends[1] = ROUND | RESETTING)],
	[
		'has counted',
		({ own, ends }) => {
			ends[1] = ROUND | RESETTING;
			own[RESETS] = 1;
		},
	],
])('when a thread ends whose reset %s', (_, leave) => {
	it('whoever comes next completes it', async () => {
		const barrier = new Barrier(3, { timeout: 10_000 });
		const waits = [here(barrier.wait()), here(barrier.wait())];
		const words = wordsOf(barrier);
		words.own[WORD] = ROUND | RESETTING;
		leave(words);
		expect(barrier).toMatchObject({ broken: false, waiting: 0 });
		const again = [barrier.wait(), barrier.wait(), barrier.wait()];
		for (const wait of waits)
			expect(await wait).toMatchObject({ ...broken, message: 'Barrier was reset meanwhile' });
		expect(await Promise.all(again)).toEqual([0, 1, 2]);
	});

	it('it can still be aborted or reset', async () => {
		for (const way of ['abort', 'reset'] as const) {
			const barrier = new Barrier(3);
			const waits = [here(barrier.wait()), here(barrier.wait())];
			const words = wordsOf(barrier);
			words.own[WORD] = ROUND | RESETTING;
			leave(words);
			barrier[way]();
			expect(barrier.broken).toBe(way === 'abort');
			for (const wait of waits) expect(await wait).toMatchObject(broken);
		}
	});
});

it.each([
	['is of another round', (BigInt(2 * ROUND) << 32n) | 4n],
	['is too low', (BigInt(ROUND) << 32n) | 1n],
])('a hint at the first free place that %s costs time only', async (_, hint) => {
	const barrier = new Barrier(4);
	const waits = [barrier.wait(), barrier.wait(), barrier.wait()];
	const { filled } = wordsOf(barrier);
	filled[0] = hint;
	expect(barrier.waiting).toBe(3);
	expect([barrier.waitSync(), ...(await Promise.all(waits))]).toEqual([3, 0, 1, 2]);
});

it.each([
	['beyond the highest', 2 ** 31 - 2 * ROUND],
	['past zero', -2 * ROUND],
])('rounds go on when their numbers wrap %s', async (_, round) => {
	const barrier = new Barrier(2);
	const { own, ends, places } = wordsOf(barrier);
	own[WORD] = round;
	ends.fill((round - ROUND) | FULL);
	places.fill(BigInt(round - ROUND) << 32n);
	for (let i = 0; i < 5; i++) {
		const first = barrier.wait();
		expect([barrier.waitSync(), await first]).toEqual([1, 0]);
		const other = here(barrier.wait());
		barrier.reset();
		expect(await other).toMatchObject(broken);
	}
});

describe('with the table of waiters full of others', () => {
	function crowded(): Barrier {
		const barrier = new Barrier(3);
		const { memory } = barrier[share]('thread') as unknown as { memory: SharedArrayBuffer };
		const slots = new Int32Array(memory, 4 * (16 + 8), 64 * 8);
		for (let slot = 0; slot < slots.length; slot += 8) slots[slot + 1] = Registry.ours().self();
		return barrier;
	}

	it('it is passed', async () => {
		const barrier = crowded();
		const party = new Party('thread', barrier, true);
		for (let round = 0; round < 5; round++) {
			const waits = [party.wait(), barrier.wait(), barrier.wait()];
			expect((await Promise.all(waits)).sort()).toEqual([0, 1, 2]);
		}
	});

	it('those who wait hear that it is broken', async () => {
		const barrier = crowded();
		const waits = [new Party('thread', barrier, true).wait(), here(barrier.wait({ timeout: 50 }))];
		for (const wait of waits) expect(await wait).toMatchObject(broken);
	});
});

// All in one synchronous step: the tasks of this thread that wait do not run meanwhile.
describe('a task that is slow to go on', () => {
	function passWith(barrier: Barrier): Promise<unknown> {
		const first = here(barrier.wait());
		expect(barrier.waitSync()).toBe(1);
		return first;
	}

	it.each([1, 63, 64, 65, 1000])(
		'has passed, also when %s more rounds were passed before',
		async (rounds) => {
			const barrier = new Barrier(2);
			const waits = Array.from({ length: rounds + 1 }, () => passWith(barrier));
			expect(await Promise.all(waits)).toEqual(new Array(rounds + 1).fill(0));
			expect(waitersOf(barrier)).toBe(0);
		},
	);

	it('has passed, when a later round was broken', async () => {
		const barrier = new Barrier(2);
		const passed = passWith(barrier);
		const reset = here(barrier.wait());
		barrier.reset();
		const aborted = here(barrier.wait());
		barrier.abort();
		barrier.reset();
		const last = passWith(barrier);
		expect(await passed).toBe(0);
		expect(await reset).toMatchObject({ message: 'Barrier was reset meanwhile' });
		expect(await aborted).toMatchObject({ message: expect.stringContaining('abort() was called') });
		expect(await last).toBe(0);
	});

	it.each([1, 63, 64, 65, 1000])(
		'has not passed, when %s rounds were passed after a reset',
		async (rounds) => {
			const barrier = new Barrier(2);
			const reset = here(barrier.wait());
			barrier.reset();
			const waits = Array.from({ length: rounds }, () => passWith(barrier));
			expect(await reset).toMatchObject(broken);
			expect(await Promise.all(waits)).toEqual(new Array(rounds).fill(0));
		},
	);
});
