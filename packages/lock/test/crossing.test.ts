import { brandsOf, revive, share } from '@conc/core';
import * as lockPackage from '@conc/lock';
import {
	Barrier,
	BoundedSemaphore,
	Event,
	Lock,
	RLock,
	RWLock,
	Semaphore,
	SharedArray,
	SharedValue,
} from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { copyOfPackage } from './support/copies.js';

const made = [
	['Lock', Lock, () => new Lock({ name: 'it' })],
	['RLock', RLock, () => new RLock({ name: 'it' })],
	['RWLock', RWLock, () => new RWLock({ name: 'it' })],
	['Semaphore', Semaphore, () => new Semaphore(3, { name: 'it' })],
	['BoundedSemaphore', BoundedSemaphore, () => new BoundedSemaphore(3, { name: 'it' })],
	['Event', Event, () => new Event({ name: 'it' })],
	['Barrier', Barrier, () => new Barrier(3, { name: 'it', timeout: 5 })],
	['SharedArray', SharedArray, () => new SharedArray('bool', [true, false], { name: 'it' })],
	['SharedValue', SharedValue, () => new SharedValue('float64', 1.5, { name: 'it' })],
] as const;

describe.each(made)('a %s', (kind, Class, make) => {
	it('is the same one when its handle is revived, name and state included', () => {
		const first = make();
		const second = (Class[revive] as (handle: unknown) => object)(structuredClone(first[share]('thread')));
		expect(second).toBeInstanceOf(Class);
		expect(`${second}`).toBe(`${first}`);
		expect(`${first}`).toContain(`${kind} "it" (`);
	});

	it('is the same one when the handle comes home by which other processes reach it', () => {
		const first = make();
		const second = (Class[revive] as (handle: unknown) => object)(structuredClone(first[share]('process')));
		expect(second).toBeInstanceOf(Class);
		expect(`${second}`).toBe(`${first}`);
	});
});

it('what was made in one thread is seen through the other handle', () => {
	const permits = new BoundedSemaphore(1);
	const again = BoundedSemaphore[revive](permits[share]('thread'));
	permits.acquireSync();
	expect(again.value).toBe(0);
	again.release();
	expect(() => again.release()).toThrow(lockPackage.LockError);
	const lock = new RLock();
	const same = RLock[revive](lock[share]('thread'));
	lock.acquireSync();
	expect([same.isOwned, same.depth]).toEqual([true, 1]);
	const rw = new RWLock();
	const sameRw = RWLock[revive](rw[share]('thread'));
	rw.read.acquireSync();
	expect([sameRw.read.locked, sameRw.write.tryAcquire()]).toEqual([true, false]);
	sameRw.read.release();
	expect(rw.write.tryAcquire()).toBe(true);
});

it('a barrier with an action does not go where functions do not', () => {
	const barrier = new Barrier(1, { action: () => {} });
	expect(() => structuredClone(barrier[share]('thread'))).toThrow('could not be cloned');
});

describe('two copies of the package in one thread', async () => {
	const { exports: copy } = await copyOfPackage();

	it('know each other’s objects and errors', () => {
		expect(copy.Lock).not.toBe(Lock);
		expect(new copy.Lock()).toBeInstanceOf(Lock);
		expect(new copy.BoundedSemaphore()).toBeInstanceOf(Semaphore);
		expect(new copy.RWLock()).toBeInstanceOf(RWLock);
		expect(new copy.Semaphore()).not.toBeInstanceOf(BoundedSemaphore);
		expect(brandsOf(new copy.BoundedSemaphore())).toEqual([
			'@conc/lock:BoundedSemaphore',
			'@conc/lock:Semaphore',
		]);
		expect(() => new copy.Lock().release()).toThrow(lockPackage.LockError);
	});

	it('share locks, call chains included', async () => {
		const lock = new RLock();
		const same = copy.RLock[revive](lock[share]('thread'));
		await lock.with(() => same.with(() => expect(lock.depth).toBe(2)));
		const log: string[] = [];
		const task = lock.with(async () => {
			log.push('task in');
			await new Event().wait({ timeout: 5 });
			log.push('task out');
		});
		await same.with(() => log.push('other in'));
		await task;
		expect(log).toEqual(['task in', 'task out', 'other in']);
	});
});
