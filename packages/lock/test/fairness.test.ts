import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Shareable } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { copyOfPackage, heldUpBeforeTelling, heldUpToRead, neverLate } from './support/copies.js';
import { untilAsleep, untilWaiting, waitersOf } from './support/waiting.js';
import { type Started, start } from './support/workers.js';

const { url, exports } = await copyOfPackage(neverLate);
const { Condition, Lock, Queue, RLock, RWLock, Semaphore } = exports;

// The tables of a queue, in order.
const GETTERS = 0;
const PUTTERS = 1;

const ways = [
	['block', true],
	['wait asynchronously', false],
] as const;

/** Something of which one has a turn at a time. */
interface Contended {
	readonly place: Shareable;
	/** Where those who want a turn wait for it. */
	readonly line: Shareable;
	readonly table?: number;
	readonly take: () => Promise<unknown>;
	readonly give: () => void;
}

function ofLock(lock: Shareable & { acquire(): Promise<true>; release(): void }): Contended {
	return { place: lock, line: lock, take: () => lock.acquire(), give: () => lock.release() };
}

function ofRWLock(): Contended {
	const lock = new RWLock();
	const { write } = lock;
	return { place: lock, line: lock, take: () => write.acquire(), give: () => write.release() };
}

/** Its only item goes round. */
function ofGet(): Contended {
	const queue = new Queue<string>();
	queue.putNowait('item');
	const give = () => queue.putNowait('item');
	return { place: queue, line: queue, table: GETTERS, take: () => queue.get(), give };
}

/** Its only room does. */
function ofPut(): Contended {
	const queue = new Queue<string>({ maxsize: 1 });
	const give = () => void queue.getNowait();
	return { place: queue, line: queue, table: PUTTERS, take: () => queue.put('item'), give };
}

/** What those in line want, what newcomers take meanwhile, and where. */
const kinds = [
	['Lock', 'Lock', () => ofLock(new Lock())],
	['RLock', 'RLock', () => ofLock(new RLock())],
	['Semaphore', 'Semaphore', () => ofLock(new Semaphore(1))],
	['RWLock.write', 'RWLock.read', ofRWLock],
	['Queue.get', 'Queue.get', ofGet],
	['Queue.put', 'Queue.put', ofPut],
] as const;

/** Two threads that take a turn whenever they can, until `stop`. */
class Newcomers {
	/** Whether to stop, and how many turns they had. */
	readonly counts = new Int32Array(new SharedArrayBuffer(8));
	readonly #threads: Started[];

	constructor(kind: string, place: Shareable) {
		const { counts } = this;
		this.#threads = [1, 2].map(() => start('hammer', { url, kind, place, counts }));
	}

	async begin(): Promise<void> {
		for (const thread of this.#threads) expect(await thread.next()).toBe('hammering');
	}

	async stop(): Promise<void> {
		this.counts[0] = 1;
		for (const thread of this.#threads) expect(await thread.next()).toBe('done');
	}

	get turns(): number {
		return Atomics.load(this.counts, 1);
	}
}

/** Gives the turn to the waiter, who has waited for so long that no newcomer may go before; resolves when it had it. */
async function expectNext(waiter: Started, newcomers: Newcomers, at: Contended): Promise<void> {
	await untilAsleep(at.line, at.table);
	await setTimeout(5); // more than the 1 ms for which they may
	const before = newcomers.turns;
	at.give();
	expect((await waiter.next()) as number).toBe(before);
}

const ROUNDS = 50;

describe.each(ways)('those who %s', (_, sync) => {
	it.each([...kinds, ['RWLock.read', 'RWLock.write', ofRWLock]] as const)(
		'for %s have their turns, however often newcomers take %s',
		async (kind, other, make) => {
			const contended = make();
			const { place, line, table } = contended;
			const newcomers = new Newcomers(other, place);
			const waiter = start('take-turns', { url, kind, place, sync, counts: newcomers.counts });
			await newcomers.begin();
			for (let round = 0; round < ROUNDS; round++) {
				await contended.take();
				waiter.tell('wait');
				await expectNext(waiter, newcomers, contended);
			}
			await newcomers.stop();
			expect(waitersOf(line, table)).toBe(0);
		},
	);

	it('for a notice of a Condition have its lock back, however often newcomers take it', async () => {
		const lock = new Lock();
		const condition = new Condition(lock);
		const newcomers = new Newcomers('Lock', lock);
		const { counts } = newcomers;
		const waiter = start('take-turns', { url, kind: 'Condition', place: condition, sync, counts });
		await newcomers.begin();
		for (let round = 0; round < ROUNDS; round++) {
			waiter.tell('wait');
			await untilWaiting(condition, 1);
			await lock.acquire();
			condition.notify();
			await expectNext(waiter, newcomers, ofLock(lock));
		}
		await newcomers.stop();
		expect([waitersOf(lock), waitersOf(condition)]).toEqual([0, 0]);
	});
});

describe.each(ways)('a line of those who %s is served in its order while newcomers hammer', (_, sync) => {
	const line = [1, 2, 3, 4, 5];
	const logOf = () => new Int32Array(new SharedArrayBuffer(4 * (1 + line.length)));

	it.each(kinds)('for %s, against %s', async (kind, other, make) => {
		const { place, line: where, table, take, give } = make();
		const newcomers = new Newcomers(other, place);
		const { counts } = newcomers;
		const log = logOf();
		const waiters = line.map((me) => start('take-turns', { url, kind, place, sync, counts, log, me }));
		await newcomers.begin();
		await take();
		for (const [ahead, waiter] of waiters.entries()) {
			waiter.tell('wait');
			await untilWaiting(where, ahead + 1, table);
		}
		give();
		for (const waiter of waiters) await waiter.next();
		await newcomers.stop();
		expect([...log]).toEqual([line.length, ...line]);
	});

	it('for the lock of a Condition, once they were notified', async () => {
		const lock = new Lock();
		const place = new Condition(lock);
		const newcomers = new Newcomers('Lock', lock);
		const { counts } = newcomers;
		const log = logOf();
		const waiters = line.map((me) =>
			start('take-turns', { url, kind: 'Condition', place, sync, counts, log, me }),
		);
		await newcomers.begin();
		for (const [ahead, waiter] of waiters.entries()) {
			waiter.tell('wait');
			await untilWaiting(place, ahead + 1);
		}
		await lock.acquire();
		for (const ahead of waiters.keys()) {
			place.notify();
			await untilWaiting(lock, ahead + 1);
		}
		lock.release();
		for (const waiter of waiters) await waiter.next();
		await newcomers.stop();
		expect([...log]).toEqual([line.length, ...line]);
	});
});

it('a newcomer whose clock is behind does not take the turn of one who was just told', async () => {
	const lock = new Lock();
	const words = new Int32Array(new SharedArrayBuffer(8));
	await lock.acquire();
	const newcomer = start('try-when-behind', { url, lock, words });
	await newcomer.next();
	const waiter = lock.acquire();
	await setTimeout(10); // so that from now on nobody may go before
	lock.release();
	Atomics.store(words, 0, 1);
	Atomics.notify(words, 0);
	Atomics.wait(words, 1, 0); // and the waiter cannot come
	expect(words[1]).toBe(1);
	expect(await waiter).toBe(true);
});

it('a newcomer who was held up on its way to read does not take the turn of one who was just told', async () => {
	const { url, exports } = await copyOfPackage((text) => heldUpToRead(neverLate(text)));
	const lock = new exports.RWLock();
	const words = new Int32Array(new SharedArrayBuffer(8));
	const goOn = () => {
		Atomics.add(words, 0, 1);
		Atomics.notify(words, 0);
	};
	await lock.write.acquire();
	const newcomer = start('read-when-held-up', { url, lock, words });
	expect(await newcomer.next()).toBe('looks');
	lock.write.release();
	goOn();
	expect(await newcomer.next()).toBe('may read');
	await lock.write.acquire();
	const waiter = lock.write.acquire();
	await setTimeout(10); // so that from now on nobody may go before
	lock.write.release();
	goOn();
	Atomics.wait(words, 1, 0); // and the waiter cannot come
	expect(words[1]).toBe(1);
	expect(await waiter).toBe(true);
});

it('one who was told in place of the one that had its slot before does not go before those in line', async () => {
	const { url, exports } = await copyOfPackage((text) => heldUpBeforeTelling(neverLate(text)));
	const lock = new exports.Lock();
	const words = new Int32Array(new SharedArrayBuffer(8));
	const holder = start('tell-when-held-up', { url, lock, words });
	expect(await holder.next()).toBe('held');
	const log: number[] = [];
	const turn = async (me: number) => {
		await lock.acquire();
		log.push(me);
		if (me > 0) lock.release();
	};
	const turns = Array.from({ length: 65 }, (_, me) => turn(me)); // one more than there are slots
	await untilWaiting(lock, 64);
	holder.tell('release');
	expect(await holder.next()).toBe('about to tell');
	await turns[0]; // which has looked by itself
	await setImmediate(); // the last has its slot
	Atomics.store(words, 0, 1);
	Atomics.notify(words, 0);
	Atomics.wait(words, 1, 0); // it was told
	lock.release();
	await Promise.all(turns);
	expect(log).toEqual(turns.map((_, me) => me));
});
