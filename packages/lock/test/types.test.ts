import {
	Barrier,
	type Held,
	Lock,
	type ReadLock,
	RLock,
	RWLock,
	Semaphore,
	SharedArray,
	SharedValue,
	type WriteLock,
} from '@conc/lock';
import { expectTypeOf, it } from 'vitest';

it('a wait without a time limit always ends with true', () => {
	const lock = new Lock();
	const { signal } = new AbortController();
	const waits = () => ({
		plain: lock.acquire(),
		signal: lock.acquire({ signal }),
		timed: lock.acquire({ timeout: 1, signal }),
		sync: lock.acquireSync(),
		timedSync: lock.acquireSync({ timeout: 1 }),
		held: lock.hold(),
	});
	expectTypeOf<ReturnType<typeof waits>>().toEqualTypeOf<{
		plain: Promise<true>;
		signal: Promise<true>;
		timed: Promise<boolean>;
		sync: true;
		timedSync: boolean;
		held: Promise<Held>;
	}>();
});

it('both sides of an RWLock have the surface of a Lock', () => {
	const lock = new RWLock({ name: 'cache', onAbandoned: 'release' });
	expectTypeOf(lock.read).toEqualTypeOf<ReadLock>();
	expectTypeOf(lock.write).toEqualTypeOf<WriteLock>();
	const waits = (side: ReadLock | WriteLock) => ({
		plain: side.acquire(),
		timed: side.acquire({ timeout: 1 }),
		sync: side.acquireSync(),
		timedSync: side.acquireSync({ timeout: 1 }),
		tried: side.tryAcquire(),
		held: side.hold(),
		locked: side.locked,
	});
	expectTypeOf<ReturnType<typeof waits>>().toEqualTypeOf<{
		plain: Promise<true>;
		timed: Promise<boolean>;
		sync: true;
		timedSync: boolean;
		tried: boolean;
		held: Promise<Held>;
		locked: boolean;
	}>();
	expectTypeOf(lock.read.owners).toEqualTypeOf<number[]>();
	expectTypeOf(lock.write.owner).toEqualTypeOf<number | null>();
	// @ts-expect-error the sides are the lock's own
	const refused = () => (lock.read = new RWLock().read);
	expectTypeOf(refused).toBeFunction();
});

it('with gives what the function gives, and withSync refuses a promise', () => {
	const { read, write } = new RWLock();
	for (const lock of [new Lock(), new RLock(), new Semaphore(), read, write]) {
		expectTypeOf(() => lock.with(() => 1)).returns.resolves.toBeNumber();
		expectTypeOf(() => lock.with(async () => 'a')).returns.resolves.toBeString();
		expectTypeOf(() => lock.withSync(() => 1)).returns.toBeNumber();
	}
	const lock = new Lock();
	// @ts-expect-error it would be released too early
	const refused = () => lock.withSync(async () => 1);
	expectTypeOf(refused).toBeFunction();
});

it('a shared value has the type and the operations of its kind', () => {
	expectTypeOf(new SharedValue('int32').value).toBeNumber();
	expectTypeOf(new SharedValue('bigint64').value).toBeBigInt();
	expectTypeOf(new SharedValue('bool').value).toBeBoolean();
	expectTypeOf(new SharedValue('bigint64').add).parameter(0).toBeBigInt();
	expectTypeOf(new SharedValue('bool').add).parameter(0).toBeNever();
	expectTypeOf(new SharedValue('float64').and).parameter(0).toBeNever();
	// @ts-expect-error a bigint is no int32
	const refused = () => new SharedValue('int32', 1n);
	expectTypeOf(refused).toBeFunction();
});

it('a shared array has the items and the view of its kind', () => {
	expectTypeOf(new SharedArray('int32', 1).at(0)).toEqualTypeOf<number | undefined>();
	expectTypeOf([...new SharedArray('bigint64', [1n])]).toEqualTypeOf<bigint[]>();
	expectTypeOf(new SharedArray('bool', [true]).set)
		.parameter(1)
		.toBeBoolean();
	expectTypeOf(new SharedArray('bool', 1).view).toEqualTypeOf<Uint8Array>();
	expectTypeOf(new SharedArray('float64', 1).view).toEqualTypeOf<Float64Array>();
	// @ts-expect-error a bigint is no int32
	const refused = () => new SharedArray('int32', [1n]);
	expectTypeOf(refused).toBeFunction();
});

it('a barrier gives numbers, and takes a function and times', () => {
	const barrier = new Barrier(1, { action: () => {}, timeout: 5, name: 'start' });
	expectTypeOf(barrier.wait({ timeout: 5, signal: new AbortController().signal })).resolves.toBeNumber();
	expectTypeOf(barrier.waitSync({ timeout: 5 })).toBeNumber();
	// @ts-expect-error a blocking wait cannot be aborted
	const refused = () => barrier.waitSync({ signal: new AbortController().signal });
	expectTypeOf(refused).toBeFunction();
});
