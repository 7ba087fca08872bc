import { describe, expect, it } from 'vitest';
import { copyOfPackage, seldomLooking } from './support/copies.js';
import { type Outcomes, race } from './support/race.js';
import { stateWords, waitersOf } from './support/waiting.js';
import { startIn } from './support/workers.js';

const { url, exports } = await copyOfPackage(seldomLooking);
const { BoundedSemaphore, Event, Condition, Barrier, SharedValue } = exports;

const ROUNDS = 1_000;
/** Only so that a wait which never ends is an outcome. */
const timeout = 20_000;

const threads = [
	['blocking', [true, true, true]],
	['asynchronous', [false, false]],
	['mixed', [true, false, true]],
] as const;

const words = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));

describe.each(threads)('in a race of %s threads', (_, sync) => {
	it.each(['Lock', 'RLock', 'Semaphore'] as const)('a %s protects a write of two words', async (kind) => {
		const lock = new exports[kind]();
		const outcomes = await race('two-words', sync.length, ROUNDS, { url, kind, lock, words: words(2), sync });
		expect(outcomes).toEqual({ whole: ROUNDS * sync.length });
		expect([waitersOf(lock), lock.tryAcquire()]).toEqual([0, true]);
	});

	it('a short set of an Event wakes all who wait', async () => {
		const event = new Event();
		const rounds = ROUNDS;
		// The first thread sets; its turn is never to wait.
		const waiters = [true, ...sync.slice(1)];
		const states = stateWords(event, waiters.length - 1);
		const outcomes = await race('pulse', waiters.length, rounds, {
			url,
			event,
			states,
			sync: waiters,
			timeout,
		});
		expect(outcomes).toEqual({ set: rounds, woken: rounds * (waiters.length - 1) });
	});

	it('no notice of a Condition is lost', async () => {
		const condition = new Condition();
		const turn = words(1);
		const rounds = ROUNDS;
		const outcomes = await race('ping-pong', sync.length, rounds, { url, condition, turn, sync, timeout });
		expect(outcomes).toEqual({ came: rounds * sync.length });
		expect([waitersOf(condition), waitersOf(condition.lock)]).toEqual([0, 0]);
	});

	it.each(['keep', 'release'] as const)(
		'there are never more inside than a BoundedSemaphore has permits (onAbandoned: %s)',
		async (onAbandoned) => {
			const bound = sync.length - 1;
			const permits = new BoundedSemaphore(bound, { onAbandoned });
			const outcomes = await race('bound', sync.length, ROUNDS, { url, permits, inside: words(1), sync });
			expect(sum(outcomes)).toBe(ROUNDS * sync.length);
			expect(Object.keys(outcomes).filter((inside) => Number(inside) > bound)).toEqual([]);
			expect([waitersOf(permits), permits.value]).toEqual([0, bound]);
		},
	);

	it('rounds of a Barrier never overlap', async () => {
		const barrier = new Barrier(sync.length);
		const rounds = ROUNDS / 10;
		const outcomes = await race('rounds', sync.length, rounds, { url, barrier, at: words(3), sync });
		expect(outcomes).toEqual({ apart: rounds * sync.length });
	});
});

it.each(['int32', 'float64', 'bigint64'] as const)(
	'each sees another value of the %s it adds to',
	async (type) => {
		const total = new SharedValue(type);
		const outcomes = await race('add', 3, ROUNDS, { url, total });
		expect(outcomes).toEqual({ 0: ROUNDS, 1: ROUNDS, 2: ROUNDS });
		expect(Number(total.value)).toBe(3 * ROUNDS);
	},
);

it('a lock that does nothing is found out by the same program', async () => {
	let torn = 0;
	while (torn === 0) {
		const data = { kind: 'none', words: words(2), sync: [true, true, true] };
		torn = (await race('two-words', 3, ROUNDS, data)).torn ?? 0;
	}
	expect(torn).toBeGreaterThan(0);
});

describe.each([
	['Queue', 0, 'thread'],
	['Queue', 16, 'thread'],
	['LifoQueue', 0, 'thread'],
	['PriorityQueue', 16, 'thread'],
	['Queue', 0, 'process'],
	['Queue', 16, 'process'],
	['LifoQueue', 0, 'process'],
	['PriorityQueue', 16, 'process'],
] as const)('from a %s with a maxsize of %d, each consumer and producer a %s', (kind, maxsize, medium) => {
	const start = startIn(medium);

	it('consumers of all kinds get each item of several producers once, those of a Queue in order', async () => {
		const queue = new exports[kind]({ maxsize });
		const each = medium === 'thread' ? 5_000 : 200;
		const ways = [true, true, false, false];
		const getters = ways.map((sync) => start('queue-get', { url, kind, queue, sync }));
		const putters = ways.map((sync, i) =>
			start('queue-put', { url, kind, queue, sync, from: i * each, to: (i + 1) * each }),
		);
		await Promise.all(putters.map((putter) => putter.next()));
		queue.shutdown(); // while some still get
		expect(await queue.join()).toBe(true);
		const got = (await Promise.all(getters.map((getter) => getter.next()))) as number[][];
		const all = got.flat();
		expect([all.length, new Set(all).size]).toEqual([ways.length * each, ways.length * each]);
		expect(queue.size).toBe(0);
		const putterOf = (item: number) => Math.floor(item / each);
		const isInOrder = (items: number[]) =>
			ways.every((_, putter) => isRising(items.filter((item) => putterOf(item) === putter)));
		if (kind === 'Queue') expect(got.map(isInOrder)).toEqual(ways.map(() => true));
	});
});

function sum(outcomes: Outcomes): number {
	return Object.values(outcomes).reduce((total, count) => total + count, 0);
}

function isRising(items: number[]): boolean {
	return items.every((item, i) => i === 0 || item > (items[i - 1] as number));
}
