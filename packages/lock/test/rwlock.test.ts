import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Registry } from '@conc/core';
import { DeadlockError, LockError, RWLock, TimeoutError } from '@conc/lock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { toldOf, untilClosed, untilWaiting, waitersOf } from './support/waiting.js';
import { partyName, type Started, start } from './support/workers.js';

const sides = ['read', 'write'] as const;
const ways = [
	['blocking', true],
	['asynchronous', false],
] as const;

/** A thread that has one side until it is told to release it. */
async function holder(lock: RWLock, side: 'read' | 'write', sync = true): Promise<Started> {
	const held = start('rw-once', { lock, side, sync, hold: true });
	expect(await held.next()).toBe(true);
	return held;
}

async function letGo(held: Started): Promise<void> {
	held.tell('release');
	expect(await held.next()).toBe('released');
}

describe.each(ways)('threads, %s,', (_, sync) => {
	it('read together, and one writes when all have left', async () => {
		const lock = new RWLock();
		const readers = [await holder(lock, 'read', sync), await holder(lock, 'read', sync)];
		expect(lock.read.tryAcquire()).toBe(true);
		expect([...lock.read.owners].length).toBe(3);
		const writer = start('rw-once', { lock, side: 'write', sync, hold: true });
		await untilWaiting(lock, 1);
		for (const reader of readers) await letGo(reader);
		expect([lock.write.locked, waitersOf(lock)]).toEqual([false, 1]);
		lock.read.release();
		expect(await writer.next()).toBe(true);
		expect([lock.read.tryAcquire(), lock.write.tryAcquire()]).toEqual([false, false]);
		await letGo(writer);
		expect([lock.read.locked, lock.write.locked, waitersOf(lock)]).toEqual([false, false, 0]);
	});

	it('that want to read wait for one that writes, and then read together', async () => {
		const lock = new RWLock();
		expect(await lock.write.acquire()).toBe(true);
		const readers = [1, 2, 3].map(() => start('rw-once', { lock, side: 'read', sync, hold: true }));
		await untilWaiting(lock, 3);
		lock.write.release();
		expect(await Promise.all(readers.map((reader) => reader.next()))).toEqual([true, true, true]);
		expect(lock.read.owners.length).toBe(3);
		for (const reader of readers) await letGo(reader);
		expect(lock.write.tryAcquire()).toBe(true);
	});
});

it('a line of threads that block is served in the order of arrival, readers next to each other together', async () => {
	const lock = new RWLock();
	const log = new Int32Array(new SharedArrayBuffer(4 * 7));
	lock.write.acquireSync();
	const line = ['read', 'read', 'write', 'read', 'write', 'write'] as const;
	const waiters: Started[] = [];
	for (const [at, side] of line.entries()) {
		waiters.push(start('rw-once', { lock, side, sync: true, log, me: at + 1, hold: at < 2 || at === 3 }));
		await untilWaiting(lock, at + 1);
	}
	const [first, second, , fourth] = waiters as [Started, Started, Started, Started];
	lock.write.release();
	expect(await Promise.all([first.next(), second.next()])).toEqual([true, true]);
	expect(new Set([log[1], log[2]])).toEqual(new Set([1, 2]));
	// The third wants to write; the fourth, who wants to read, does not pass it.
	await letGo(second);
	expect([log[0], waitersOf(lock)]).toEqual([2, 4]);
	await letGo(first);
	expect(await fourth.next()).toBe(true);
	expect([log[0], waitersOf(lock)]).toEqual([4, 2]);
	await letGo(fourth);
	for (const at of [4, 5]) expect(await waiters[at]?.next()).toBe(true);
	expect([...log].slice(3)).toEqual([3, 4, 5, 6]);
});

it('readers in front of the line are told together, up to the first writer', async () => {
	const lock = new RWLock();
	await lock.write.acquire();
	const readers = [lock.read.acquire(), lock.read.acquire(), lock.read.acquire()];
	const writer = lock.write.acquire();
	const last = lock.read.acquire();
	lock.write.release();
	expect(toldOf(lock)).toBe(3);
	await Promise.all(readers);
	for (const _ of readers) lock.read.release();
	expect(toldOf(lock)).toBe(1);
	await writer;
	lock.write.release();
	await last;
});

it('a reader may leave before the writer behind it has noticed its turn', async () => {
	const registry = Registry.ours();
	const ids = Array.from({ length: 64 }, () => registry.add());
	for (const id of ids) registry.markDead(id); // so that a word of the table taken for a thread is a dead one's
	const lock = new RWLock();
	await lock.write.acquire();
	const reader = lock.read.acquire();
	const writer = lock.write.acquire();
	await setTimeout(5); // long enough to be promised the lock
	lock.write.release();
	await reader;
	lock.read.release();
	expect(lock.read.tryAcquire()).toBe(false);
	expect(await writer).toBe(true);
	lock.write.release();
	expect([waitersOf(lock), await lock.read.acquire()]).toEqual([0, true]);
});

describe('when a reader and a writer come at the same moment', () => {
	afterEach(() => {
		vi.restoreAllMocks();
	});

	/** Lets another thread try one side when this one is about to call that function of Atomics; 1 if it has it. */
	async function meanwhile(
		lock: RWLock,
		side: 'read' | 'write',
		step: 'store' | 'compareExchange',
	): Promise<() => number> {
		const told = new Int32Array(new SharedArrayBuffer(8));
		await start('rw-try-when-told', { lock, side, told }).next();
		const real = Atomics[step] as (...args: unknown[]) => number;
		const spy = vi.spyOn(Atomics, step).mockImplementation(((...args: unknown[]) => {
			spy.mockRestore();
			Atomics.store(told, 0, 1);
			Atomics.notify(told, 0);
			Atomics.wait(told, 1, 0);
			return real(...args);
		}) as never);
		return () => Atomics.load(told, 1);
	}

	it('a reader that has seen no writer looks once more after it has shown itself', async () => {
		const lock = new RWLock();
		const other = await meanwhile(lock, 'write', 'store');
		expect(lock.read.tryAcquire()).toBe(false);
		expect(other()).toBe(1);
		expect(lock.read.locked).toBe(false);
	});

	it('a writer that has seen no reader looks once more after it has let no more in', async () => {
		const lock = new RWLock();
		const other = await meanwhile(lock, 'read', 'compareExchange');
		expect(lock.write.tryAcquire()).toBe(false);
		expect(other()).toBe(1);
		expect(lock.write.locked).toBe(false);
		expect(lock.read.tryAcquire()).toBe(true);
	});
});

describe('nobody starves', () => {
	it('readers who come all the time do not pass a writer who waits', async () => {
		const lock = new RWLock();
		await lock.read.acquire();
		const writer = start('rw-once', { lock, side: 'write', sync: true });
		await untilClosed(lock);
		for (let i = 0; i < 100; i++) expect(lock.read.tryAcquire()).toBe(false);
		const late = start('rw-once', { lock, side: 'read', sync: true });
		const own = lock.read.acquire();
		await untilWaiting(lock, 3);
		expect(lock.read.owners.length).toBe(1);
		lock.read.release();
		expect(await writer.next()).toBe(true);
		expect(await late.next()).toBe(true);
		expect(await own).toBe(true);
	});

	it('readers who overlap without end let a writer in', async () => {
		const lock = new RWLock();
		let wrote = false;
		const read = async () => {
			while (!wrote) await lock.read.with(() => new Promise((resolve) => setImmediate(resolve)));
		};
		const readers = [read(), read(), read()];
		const writer = start('rw-once', { lock, side: 'write', sync: true });
		expect(await writer.next()).toBe(true);
		wrote = true;
		await Promise.all(readers);
	});

	it('writers in line without end let a reader in at its place', async () => {
		const lock = new RWLock();
		const log: string[] = [];
		await lock.write.acquire();
		// Each writer puts the next one into the line before it leaves.
		const write = async (left: number): Promise<void> => {
			await lock.write.acquire();
			log.push('wrote');
			const next = left > 0 ? write(left - 1) : undefined;
			lock.write.release();
			await next;
		};
		const writers = [write(20), write(20)];
		const reader = lock.read.with(() => log.push('read'));
		lock.write.release();
		await reader;
		expect(log.indexOf('read')).toBe(2);
		await Promise.all(writers);
		expect(log.length).toBe(43);
	});

	it('a promise made to those in line keeps newcomers of both sides out', async () => {
		const lock = new RWLock();
		await lock.write.acquire();
		const first = lock.write.acquire();
		await setTimeout(5);
		lock.write.release(); // the first in line has waited for more than 1 ms
		expect([lock.read.tryAcquire(), lock.write.tryAcquire()]).toEqual([false, false]);
		expect(await first).toBe(true);
		lock.write.release();
		expect(lock.read.tryAcquire()).toBe(true);
	});
});

describe.each(ways)('a %s wait', (_, sync) => {
	const wait = async (lock: RWLock, side: 'read' | 'write', timeout: number) =>
		sync ? lock[side].acquireSync({ timeout }) : lock[side].acquire({ timeout });

	it.each(sides)('to %s that is too late leaves no trace', async (side) => {
		const lock = new RWLock();
		const writer = await holder(lock, 'write');
		expect(await wait(lock, side, 0)).toBe(false);
		expect(await wait(lock, side, 20)).toBe(false);
		expect([waitersOf(lock), lock.read.locked]).toEqual([0, false]);
		await letGo(writer);
		expect(lock[side].tryAcquire()).toBe(true);
	});

	it('to write that gives up while readers leave lets the readers behind it in', async () => {
		const lock = new RWLock();
		const reader = await holder(lock, 'read');
		const writer = start('rw-once', { lock, side: 'write', sync, options: { timeout: 50 } });
		let gaveUp = false;
		const end = writer.next().then((acquired) => {
			gaveUp = true;
			return acquired;
		});
		while (!gaveUp) await lock.read.with(() => new Promise(setImmediate));
		expect(await end).toBe(false);
		expect([waitersOf(lock), lock.read.tryAcquire()]).toEqual([0, true]);
		await letGo(reader);
	});
});

it('an aborted wait to write lets the readers behind it in, and the next writer in line', async () => {
	const lock = new RWLock();
	await lock.read.acquire();
	const controller = new AbortController();
	const writer = lock.write.acquire({ signal: controller.signal });
	const behind = start('rw-once', { lock, side: 'read', sync: true });
	await untilWaiting(lock, 2);
	const second = lock.write.acquire();
	controller.abort('enough');
	await expect(writer).rejects.toBe('enough');
	expect(await behind.next()).toBe(true);
	lock.read.release();
	expect(await second).toBe(true);
	lock.write.release();
	expect([waitersOf(lock), lock.write.tryAcquire()]).toEqual([0, true]);
	await expect(lock.read.acquire({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
	await expect(lock.write.acquire({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
});

it('a turn that comes together with the abort goes to the next in line', async () => {
	const lock = new RWLock();
	for (let i = 0; i < 50; i++) {
		await lock.read.acquire();
		const controller = new AbortController();
		const first = lock.write.acquire({ signal: controller.signal });
		const second = lock.read.acquire();
		lock.read.release(); // tells the first, which learns of it only when the event loop turns
		controller.abort('never mind');
		await expect(first).rejects.toBe('never mind');
		expect(await second).toBe(true);
		lock.read.release();
	}
	expect([lock.write.tryAcquire(), waitersOf(lock)]).toEqual([true, 0]);
});

describe('a line', () => {
	it('of many tasks is served beyond the size of the table', async () => {
		const lock = new RWLock();
		await lock.write.acquire();
		let reading = 0;
		let writing = 0;
		let faults = 0;
		const tasks = Array.from({ length: 300 }, (_, i) =>
			i % 10 === 0
				? lock.write.with(async () => {
						if (++writing > 1 || reading > 0) faults++;
						await Promise.resolve();
						writing--;
					})
				: lock.read.with(async () => {
						reading++;
						if (writing > 0) faults++;
						await Promise.resolve();
						reading--;
					}),
		);
		lock.write.release();
		await Promise.all(tasks);
		expect([faults, waitersOf(lock), lock.write.tryAcquire()]).toEqual([0, 0, true]);
	});

	it('goes on past a writer whose turn has come and whose thread is too busy', async () => {
		const lock = new RWLock();
		const busy = new Int32Array(new SharedArrayBuffer(4));
		await lock.read.acquire();
		const writer = start('rw-busy', { lock, busy });
		await untilClosed(lock);
		const second = start('rw-once', { lock, side: 'read', sync: true });
		await untilWaiting(lock, 2);
		lock.read.release();
		expect(await second.next()).toBe(true);
		expect(await lock.write.acquire()).toBe(true);
		lock.write.release();
		Atomics.store(busy, 0, 1);
		Atomics.notify(busy, 0);
		expect(await writer.next()).toBe('wrote');
	});

	it.each([false, true])(
		'lets a thread that blocks go before its own task, which could not come (reader killed: %s)',
		async (kill) => {
			const lock = new RWLock();
			const reader = await holder(lock, 'read');
			const other = start('rw-own-task-and-block', { lock });
			await untilWaiting(lock, 2);
			if (kill) await reader.end();
			else await letGo(reader);
			expect(await other.next()).toBe('blocked and read');
			expect(await other.next()).toBe('the task wrote');
		},
	);
});

describe('a thread that has the lock itself', () => {
	it('cannot block for it: DeadlockError', () => {
		const lock = new RWLock({ name: 'cache' });
		lock.write.acquireSync();
		for (const side of sides) {
			expect(() => lock[side].acquireSync()).toThrow(DeadlockError);
			expect(() => lock[side].withSync(() => 1, { timeout: 1000 })).toThrow(`RWLock "cache".${side} would`);
			expect(lock[side].acquireSync({ timeout: 0 })).toBe(false);
		}
		lock.write.release();
		lock.read.acquireSync();
		expect(() => lock.write.acquireSync()).toThrow(DeadlockError);
		expect(lock.write.acquireSync({ timeout: 0 })).toBe(false);
		expect(waitersOf(lock)).toBe(0);
		lock.read.release();
		expect(lock.write.acquireSync()).toBe(true);
	});

	it('and wants to write while it reads waits until it does not read any more', async () => {
		const lock = new RWLock();
		await lock.read.acquire();
		expect(await lock.write.acquire({ timeout: 20 })).toBe(false);
		expect(lock.read.tryAcquire()).toBe(true);
		lock.read.release();
		const writes = lock.write.acquire();
		lock.read.release();
		expect(await writes).toBe(true);
		const reads = lock.read.acquire();
		lock.write.release();
		expect(await reads).toBe(true);
	});

	it('may read again, blocking, while another waits to write', async () => {
		const lock = new RWLock();
		lock.read.acquireSync();
		const writer = start('rw-once', { lock, side: 'write', sync: true });
		await untilClosed(lock);
		expect(lock.read.withSync(() => lock.read.owners.length, { timeout: 10_000 })).toBe(1);
		expect(waitersOf(lock)).toBe(1);
		lock.read.release();
		expect(await writer.next()).toBe(true);
	});

	it('reads as long as one of its tasks does', async () => {
		const lock = new RWLock();
		const held = [await lock.read.hold(), lock.read.holdSync(), await lock.read.hold()];
		expect(lock.read.owners.length).toBe(1);
		for (const one of held) {
			expect(lock.write.tryAcquire()).toBe(false);
			one.release();
			one.release();
		}
		expect(lock.write.tryAcquire()).toBe(true);
	});
});

describe('a release', () => {
	it('of what is not held is a LockError and changes nothing', () => {
		const lock = new RWLock({ name: 'cache' });
		expect(() => lock.read.release()).toThrow(LockError);
		expect(() => lock.write.release()).toThrow(
			'RWLock "cache" was released by a thread that does not write: it is free',
		);
		lock.read.acquireSync();
		expect(() => lock.write.release()).toThrow('read by 1 thread');
		lock.read.release();
		expect(() => lock.read.release()).toThrow(LockError);
		expect(lock.write.tryAcquire()).toBe(true);
		expect(() => lock.read.release()).toThrow(LockError);
		lock.write.release();
		expect(lock.read.tryAcquire()).toBe(true);
	});

	it.each(sides)('of %s by a thread that does not have it is a LockError', async (side) => {
		const lock = new RWLock();
		const held = await holder(lock, side);
		expect(() => lock[side].release()).toThrow(LockError);
		expect(lock[side].locked).toBe(true);
		await letGo(held);
		expect(lock[side].locked).toBe(false);
	});
});

it('scoped use passes on results and errors, and gives the lock back', async () => {
	const lock = new RWLock({ name: 'cache' });
	const error = new Error('mine');
	for (const side of sides) {
		expect(await lock[side].with(async () => lock[side].locked)).toBe(true);
		await expect(lock[side].with(() => Promise.reject(error))).rejects.toBe(error);
		expect(lock[side].withSync(() => lock[side].locked)).toBe(true);
		expect(lock[side].locked).toBe(false);
	}
	lock.write.acquireSync();
	await expect(lock.read.with(() => 1, { timeout: 1 })).rejects.toThrow(TimeoutError);
	await expect(lock.write.hold({ timeout: 0 })).rejects.toThrow(
		'RWLock "cache".write could not be acquired within 0 ms',
	);
	expect(waitersOf(lock)).toBe(0);
});

it('says its state', async () => {
	const lock = new RWLock({ name: 'cache' });
	expect(`${lock}`).toBe('RWLock "cache" (free)');
	expect(lock.write.owner).toBeNull();
	const reader = await holder(lock, 'read');
	expect(inspect(lock)).toBe('RWLock "cache" (read by 1 thread)');
	lock.read.acquireSync();
	expect(inspect(lock.read)).toBe('RWLock "cache".read (read by 2 threads)');
	lock.read.release();
	await letGo(reader);
	lock.write.acquireSync();
	expect(`${lock.write}`).toBe('RWLock "cache".write (written by this thread)');
	expect(lock.write.owner).toBeGreaterThan(0);
	lock.write.release();
	const writer = await holder(lock, 'write');
	expect(`${lock}`).toMatch(new RegExp(`^RWLock "cache" \\(written by ${partyName}\\)$`));
	await letGo(writer);
	expect(() => new RWLock({ onAbandoned: 'ignore' as 'throw' })).toThrow(TypeError);
});

it('keeps readers and writers of three threads apart', async () => {
	const lock = new RWLock();
	const counts = new Int32Array(new SharedArrayBuffer(4 * 5));
	const url = import.meta.resolve('@conc/lock');
	const threads = [true, false, true].map((sync) =>
		start('rw-check', { url, lock, counts, sync, times: 2000 }),
	);
	expect(await Promise.all(threads.map((thread) => thread.next()))).toEqual(['done', 'done', 'done']);
	const [readers, writers, faults, read, written] = counts;
	expect([readers, writers, faults]).toEqual([0, 0, 0]);
	expect(read).toBeGreaterThan(0);
	expect(written).toBeGreaterThan(0);
	expect([waitersOf(lock), lock.write.tryAcquire()]).toEqual([0, true]);
});
