import type * as lock from '@conc/lock';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { BarrierWorld, barrierSteps } from './models/barrier.js';
import { ConditionWorld, conditionSteps } from './models/condition.js';
import { EventWorld, eventSteps } from './models/event.js';
import { LockWorld, lockSteps } from './models/lock.js';
import { type Item, QueueWorld, queueSteps, shutdown } from './models/queue.js';
import { RLockWorld, rlockSteps } from './models/rlock.js';
import { acquireTooLate, RWLockWorld, rwlockSteps } from './models/rwlock.js';
import { SemaphoreWorld, semaphoreSteps } from './models/semaphore.js';
import { copyOfPackage, seldomLooking } from './support/copies.js';
import { runPrograms } from './support/world.js';

const { exports } = await copyOfPackage(seldomLooking);
const { Lock, RLock, RWLock, Semaphore, BoundedSemaphore, Event, Condition, Barrier, Queue } = exports;

const RUNS = 100;
const nothing = fc.constant(undefined);

describe('whatever the tasks of a thread do, it is as if they had done it one after the other', () => {
	it('with a Lock', () => runPrograms(nothing, () => new LockWorld(new Lock()), lockSteps, RUNS));

	it('with an RLock', () => runPrograms(nothing, () => new RLockWorld(new RLock()), rlockSteps, RUNS));

	it.each([
		['', rwlockSteps],
		[' that some are too late for', [...rwlockSteps, acquireTooLate]],
	] as const)('with an RWLock%s', (_, steps) =>
		runPrograms(nothing, () => new RWLockWorld(new RWLock()), [...steps], RUNS),
	);

	it('with a Semaphore', () => {
		const make = (value: number) => new SemaphoreWorld(new Semaphore(value), Number.POSITIVE_INFINITY);
		return runPrograms(fc.nat(3), make, semaphoreSteps, RUNS);
	});

	it.each(['keep', 'release'] as const)('with a BoundedSemaphore with onAbandoned: %s', (onAbandoned) => {
		const make = (value: number) => new SemaphoreWorld(new BoundedSemaphore(value, { onAbandoned }), value);
		return runPrograms(fc.integer({ min: 1, max: 3 }), make, semaphoreSteps, RUNS);
	});

	it('with an Event', () => runPrograms(nothing, () => new EventWorld(new Event()), eventSteps, RUNS));

	it('with a Condition', () =>
		runPrograms(nothing, () => new ConditionWorld(new Condition()), conditionSteps, RUNS));

	it('with a Barrier', () => {
		const make = (parties: number) => new BarrierWorld(new Barrier(parties));
		return runPrograms(fc.integer({ min: 1, max: 4 }), make, barrierSteps, RUNS);
	});

	it.each([
		['', queueSteps],
		[' that is shut down', [...queueSteps, shutdown]],
	] as const)('with a Queue%s', (_, steps) => {
		const make = ([maxsize, settles]: [number, boolean]) =>
			new QueueWorld(new Queue<Item>({ maxsize }), settles);
		return runPrograms(fc.tuple(fc.nat(3), fc.boolean()), make, [...steps], RUNS);
	});

	it.each([
		['LifoQueue', '', queueSteps],
		['LifoQueue', ' that is shut down', [...queueSteps, shutdown]],
		['PriorityQueue', '', queueSteps],
		['PriorityQueue', ' that is shut down', [...queueSteps, shutdown]],
	] as const)('with a %s%s', (kind, _, steps) => {
		const make = (maxsize: number) =>
			new QueueWorld(new exports[kind]({ maxsize }) as lock.Queue<Item>, true);
		return runPrograms(fc.nat(3), make, [...steps], RUNS);
	});
});
