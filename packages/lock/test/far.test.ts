import { getEventListeners } from 'node:events';
import { connect } from 'node:net';
import { allArrived, type FarHandle, HomeLostError, remote, revive } from '@conc/core';
import {
	AbandonedLockError,
	Condition,
	type Event,
	Lock,
	LockError,
	Queue,
	QueueEmptyError,
	RLock,
	SharedValue,
} from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { untilWaiting, waitersOf } from './support/waiting.js';
import { partyName, type Started, startProcess } from './support/workers.js';

type Kind = 'Lock' | 'RLock' | 'Queue' | 'Event' | 'SharedValue';
type Thing = Lock | RLock | Queue | Event | SharedValue<'int32'>;

/** Another process that has the thing, and does with it what it is told to. */
async function other(kind: Kind, thing: Thing): Promise<Started> {
	const child = startProcess('at-command', { kind, thing });
	expect(await child.next()).toBe('ready');
	return child;
}

/** The same, with a thread or process inside. */
async function outer(kind: Kind, thing: Thing, inside: 'thread' | 'process'): Promise<Started> {
	const child = startProcess('outer', { kind, thing, inside });
	expect(await child.next()).toBe('ready');
	return child;
}

/** Another process in which a thing lives, and what stands for it here. */
async function home(kind: Kind, ...made: unknown[]): Promise<{ child: Started; handle: FarHandle }> {
	const child = startProcess('at-command', { kind, made });
	expect(await child.next()).toBe('ready');
	return { child, handle: (await asked(child, 'handle')) as FarHandle };
}

async function farLock(...made: unknown[]): Promise<{ child: Started; lock: Lock; handle: FarHandle }> {
	const { child, handle } = await home('Lock', ...made);
	const lock = Lock[revive](handle);
	await allArrived();
	return { child, lock, handle };
}

function asked(child: Started, ...command: unknown[]): Promise<unknown> {
	child.tell(command);
	return child.next();
}

it('what cannot be sent is refused, and the rest goes on', async () => {
	const { handle } = await home('SharedValue', 'int32', 5);
	const value = SharedValue[revive](handle) as SharedValue<'int32'>;
	await allArrived();
	expect(() => value.add(Symbol('one') as never)).toThrow('could not be cloned');
	expect(() => value.add(1.5)).toThrow(RangeError);
	expect([value.add(2), value.value]).toEqual([5, 7]);
	const { lock } = await farLock();
	await expect(lock.acquire({ timeout: Symbol('soon') as never })).rejects.toThrow(TypeError);
	expect(await lock.acquire()).toBe(true);
});

describe('one lock', () => {
	it('is that of siblings and grandchildren', async () => {
		const lock = new Lock();
		const sibling = await other('Lock', lock);
		const grandchild = await outer('Lock', lock, 'process');
		for (const [one, two] of [
			[sibling, grandchild],
			[grandchild, sibling],
		] as const) {
			expect(await asked(one, 'tryAcquire')).toBe(true);
			expect([await asked(two, 'tryAcquire'), lock.tryAcquire()]).toEqual([false, false]);
			const waiting = asked(two, 'acquireSync');
			await untilWaiting(lock, 1);
			await asked(one, 'release');
			expect(await waiting).toBe(true);
			await asked(two, 'release');
		}
		expect(lock.locked).toBe(false);
	});

	it('has another owner in each thread of a process', async () => {
		const lock = new RLock();
		const child = await outer('RLock', lock, 'thread');
		expect(await asked(child, 'acquire')).toBe(true);
		expect(await asked(child, 'outer', 'tryAcquire')).toBe(false);
		expect([await asked(child, 'isOwned'), await asked(child, 'depth')]).toEqual([true, 1]);
		expect([lock.isOwned, lock.depth]).toEqual([false, 1]);
		await asked(child, 'release');
		expect(await asked(child, 'outer', 'tryAcquire')).toBe(true);
		expect(await asked(child, 'tryAcquire')).toBe(false);
	});

	it.each(['thread', 'process'] as const)(
		'is abandoned by a %s of a process that goes on',
		async (inside) => {
			const lock = new Lock();
			const child = await outer('Lock', lock, inside);
			await asked(child, 'acquireSync');
			const refused = expect(lock.acquire()).rejects.toBeInstanceOf(AbandonedLockError);
			await untilWaiting(lock, 1);
			expect(await asked(child, 'end')).toBe('ended');
			await refused;
			expect(lock.recover()).toBe(true);
			expect(await asked(child, 'outer', 'tryAcquire')).toBe(true);
		},
	);

	it('that comes home is the one that lives here', async () => {
		const lock = new Lock();
		const child = await other('Lock', lock);
		const back = Lock[revive]((await asked(child, 'handle')) as FarHandle);
		expect(remote in back).toBe(false);
		back.acquireSync();
		expect(`${lock}`).toBe('Lock (held by this thread)');
	});

	it('of a program in CommonJS is taken by others', async () => {
		const child = startProcess('user.cjs');
		const lock = Lock[revive]((await child.next()) as FarHandle);
		const taken = lock.acquire();
		await allArrived();
		expect([lock.tryAcquire(), `${lock}`]).toEqual([false, expect.stringContaining('Lock "old"')]);
		child.tell('release');
		expect(await taken).toBe(true);
	});

	it('got without a turn of the event loop is used without one', async () => {
		const queue = new Queue();
		const { lock } = await farLock({ name: 'far away' });
		const getter = startProcess('get-lock-and-take', { queue });
		await queue.put(lock);
		expect(await getter.next()).toEqual([expect.stringContaining('Lock "far away"'), true]);
	});
});

describe('while the process in which it lives', () => {
	it('computes without end, a lock is taken by another', async () => {
		const lock = new Lock();
		const child = await other('Lock', lock);
		child.tell(['acquireSync']);
		const late = performance.now() + 30_000;
		while (!lock.locked && performance.now() < late); // its event loop does not turn
		expect(lock.locked).toBe(true);
		expect(await child.next()).toBe(true);
	});

	it('blocks for a lock, another gives it back', async () => {
		const lock = new Lock();
		const child = await other('Lock', lock);
		await asked(child, 'acquireSync');
		child.tell(['release']);
		expect(lock.acquireSync({ timeout: 30_000 })).toBe(true);
	});

	it('blocks for an item, another puts it', async () => {
		const queue = new Queue<string>();
		const child = await other('Queue', queue);
		child.tell(['putSync', 'from afar']);
		expect(queue.getSync({ timeout: 30_000 })).toBe('from afar');
	});
});

describe('when the process in which it lives has ended', () => {
	it('whoever waits for it, and whoever comes, gets a HomeLostError', async () => {
		const { child, lock, handle } = await farLock({ name: 'gone' });
		await asked(child, 'acquireSync');
		const blocked = startProcess('at-command', { kind: 'Lock', thing: handle });
		await blocked.next();
		const blocking = asked(blocked, 'acquireSync');
		const waiting = lock.acquire();
		const within = lock.with(() => 'never');
		const reasons = Promise.allSettled([waiting, within]);
		await lock.acquire({ timeout: 20 }); // those before it wait by now
		await child.end();
		for (const result of await reasons) {
			expect(result).toMatchObject({ reason: expect.any(HomeLostError) });
			expect(result).toMatchObject({ reason: { message: expect.stringContaining('has ended') } });
		}
		expect(await blocking).toMatchObject({ name: 'HomeLostError', code: 'CONC_HOME_LOST' });
		expect(await asked(blocked, 'tryAcquire')).toMatchObject({ name: 'HomeLostError' });
		await expect(lock.acquire()).rejects.toBeInstanceOf(HomeLostError);
		expect(() => lock.release()).toThrow(HomeLostError);
		const fresh = Lock[revive](handle);
		expect(() => fresh.locked).toThrow(HomeLostError);
	});

	it('before anybody has reached it, that is said as well', async () => {
		const { child, handle } = await home('Lock');
		await child.end();
		await expect(Lock[revive](handle).acquire()).rejects.toBeInstanceOf(HomeLostError);
		const late = startProcess('at-command', { kind: 'Lock', thing: handle });
		await late.next();
		expect(await asked(late, 'acquireSync')).toMatchObject({ name: 'HomeLostError' });
	});
});

describe('a wait in another process', () => {
	it.each(['thread', 'process'] as const)('ends with its %s, also while that blocks', async (inside) => {
		const lock = new Lock({ onAbandoned: 'release' }); // it may end just when it has it
		lock.acquireSync();
		const child = await outer('Lock', lock, inside);
		child.tell(['acquireSync']);
		await untilWaiting(lock, 1);
		expect(await asked(child, 'end')).toBe('ended');
		lock.release();
		expect(await lock.acquire()).toBe(true);
		// That of who ended stays until somebody needs it.
		expect(waitersOf(lock)).toBeLessThanOrEqual(1);
	});

	it('that is aborted rejects with the reason, and leaves no trace', async () => {
		const { child, lock } = await farLock();
		await asked(child, 'acquireSync');
		const controller = new AbortController();
		const { signal } = controller;
		const waiting = lock.acquire({ signal });
		expect(await lock.acquire({ timeout: 5 })).toBe(false);
		controller.abort('no more');
		await expect(waiting).rejects.toBe('no more');
		await expect(lock.acquire({ signal })).rejects.toBe('no more');
		expect(getEventListeners(signal, 'abort')).toEqual([]);
		await asked(child, 'release');
		expect([await asked(child, 'tryAcquire'), lock.locked]).toEqual([true, true]);
	});

	it('is one of a thousand of the same thread, and each has its turn, in order', async () => {
		const { child, lock } = await farLock();
		await asked(child, 'acquireSync');
		const log: number[] = [];
		const tasks = Array.from({ length: 1_000 }, (_, me) => lock.with(() => log.push(me)));
		expect(await lock.acquire({ timeout: 0 })).toBe(false); // all are in line by then, and none comes upon a free lock
		await asked(child, 'release');
		await Promise.all(tasks);
		expect(log).toEqual(Array.from({ length: 1_000 }, (_, me) => me));
	});
});

describe('an error of another process', () => {
	it('is of its class, with its message and code', async () => {
		const { lock } = await farLock({ name: 'mine' });
		const error = (() => {
			try {
				return lock.release();
			} catch (error) {
				return error;
			}
		})();
		expect(error).toBeInstanceOf(LockError);
		expect(error).toMatchObject({
			name: 'LockError',
			code: 'CONC_LOCK',
			message: 'Lock "mine" was released, but nobody holds it',
		});
		await expect(lock.acquire({ timeout: -1 })).rejects.toBeInstanceOf(RangeError);
		expect(() => lock.acquireSync({ timeout: -1 })).toThrow(RangeError);
		await lock.acquire();
		await expect(lock.with(() => 1, { timeout: 1 })).rejects.toMatchObject({ name: 'TimeoutError' });
		expect(() => lock.acquireSync()).toThrow('would never end: this thread has it');
	});

	it('is an AbandonedLockError, with the owner', async () => {
		const lock = new Lock();
		const owner = await other('Lock', lock);
		await asked(owner, 'acquireSync');
		const waiter = await other('Lock', lock);
		const waiting = asked(waiter, 'acquireSync');
		await untilWaiting(lock, 1);
		await owner.end();
		expect(await waiting).toMatchObject({
			name: 'AbandonedLockError',
			code: 'CONC_LOCK_ABANDONED',
			message: expect.stringMatching(new RegExp(`: ${partyName} ended while it held it`)),
		});
		expect(await asked(waiter, 'recover')).toBe(true);
		expect(await asked(waiter, 'tryAcquire')).toBe(true);
	});
});

describe('items between processes', () => {
	it('of 32 MB arrive whole', async () => {
		const { handle } = await home('Queue');
		const queue = Queue[revive](handle) as Queue<Uint8Array>;
		const big = new Uint8Array(1 << 25).map((_, at) => at % 251);
		await queue.put(big);
		queue.putSync(big);
		for (const got of [queue.getSync(), await queue.get()]) expect(Buffer.compare(got, big)).toBe(0);
		expect(() => queue.getNowait()).toThrow(QueueEmptyError);
	});

	it('stay when the process that has put them ends', async () => {
		const queue = new Queue<number>();
		const child = await other('Queue', queue);
		for (let n = 0; n < 10; n++) await asked(child, 'putSync', n);
		await child.end();
		expect(Array.from({ length: 10 }, () => queue.getNowait())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	});

	it('go back to the front when who was given them ends before it had them', async () => {
		const queue = new Queue<number>();
		const child = await other('Queue', queue);
		for (let i = 0; i < 3; i++) child.tell(['get']);
		await untilWaiting(queue, 3);
		process.kill(child.pid as number, 'SIGSTOP');
		for (let n = 1; n <= 5; n++) queue.putNowait(n);
		while (queue.size > 2) await new Promise(setImmediate);
		await child.end();
		while (queue.size < 5) await new Promise(setImmediate);
		expect(await Promise.all([1, 2, 3, 4, 5].map(() => queue.get()))).toEqual([1, 2, 3, 4, 5]);
	});
});

it('what speaks another language is sent away, and the others are served', async () => {
	const { lock, handle } = await farLock();
	const strangers = [
		'GET / HTTP/1.1\r\n\r\n',
		'\x02\x00\x00\x00\x00[]',
		'\x02\x00\x00\x00\x00{}',
		'\x05\x00\x00\x00\x00[1,2]',
		'\x03\x00\x00\x00\x01abc',
		'\xff\xff',
	].map(
		(text) =>
			new Promise<void>((resolve) => {
				const socket = connect((handle.home.at as { path: string }).path, () =>
					socket.end(Buffer.from(text, 'latin1')),
				);
				socket
					.resume()
					.on('error', () => {})
					.on('close', () => resolve());
			}),
	);
	await Promise.all(strangers);
	expect(await lock.acquire()).toBe(true);
	lock.release();
	expect(lock.acquireSync()).toBe(true);
});

it('a condition of another process wakes who waits here, and gives the lock back', async () => {
	const lock = new Lock();
	const condition = new Condition(lock);
	const waiter = startProcess('wait-for-notice', { condition, sync: true });
	expect(await waiter.next()).toBe('waiting');
	await condition.with(() => condition.notify());
	expect(await waiter.next()).toBe(true);
	expect(await lock.acquire()).toBe(true);
});
