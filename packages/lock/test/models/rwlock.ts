import { setImmediate } from 'node:timers/promises';
import { DeadlockError, LockError, type ReadLock, type RWLock, type WriteLock } from '@conc/lock';
import fc from 'fast-check';
import { expect } from 'vitest';
import { readingsOf, toldOf, waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, type Patience, step, type Wait, World } from '../support/world.js';

type Side = 'read' | 'write';
type Waiting = { readonly side: Side; readonly wait: Wait };

/** How many read or that one writes, and one line of those who want to. */
export class RWLockWorld extends World {
	readers = 0;
	writing = false;
	line: Waiting[] = [];
	/** Will give up before it could be served. */
	late: Waiting[] = [];
	/** The writer in front, once it has seen that only readers are in its way: nobody comes in before it. */
	#closing: Waiting | undefined;
	readonly #lock: RWLock;

	constructor(lock: RWLock) {
		super();
		this.#lock = lock;
	}

	acquire(side: Side, patience: Patience): void {
		const before = this.#inside;
		const wait = this.#ask(side, patience);
		if (this.#inside !== before) {
			wait.expected = 'true';
			this.#enter(side);
		} else {
			this.#expectKeptOut(side);
			if (patience === 'none') wait.expected = 'false';
			else this.#join(side, wait);
		}
	}

	tryAcquire(side: Side): void {
		if (this.#side(side).tryAcquire()) this.#enter(side);
		else this.#expectKeptOut(side);
	}

	/** Blocks, where that is over at once: only tasks of this thread have the lock. */
	acquireSync(side: Side): void {
		const block = () => this.#side(side).acquireSync();
		if (this.writing || (side === 'write' && this.readers > 0)) {
			expect(block).toThrow(DeadlockError);
		} else {
			expect(block()).toBe(true);
			this.#count(side); // who reads already is let in before a writer that waits for it
		}
	}

	/** Waits for what will not come in time, and another task behind it. */
	acquireTooLate(side: Side, next: Side): void {
		this.late.push({ side, wait: this.#ask(side, 'brief') });
		this.acquire(next, 'endless');
	}

	release(side: Side): void {
		const isHeld = side === 'write' ? this.writing : this.readers > 0;
		if (!isHeld) {
			expect(() => this.#side(side).release()).toThrow(LockError);
			return;
		}
		this.#side(side).release();
		if (side === 'write') this.writing = false;
		else this.readers--;
	}

	get isFree(): boolean {
		return !this.writing && this.readers === 0 && this.line.length === 0;
	}

	get abortable(): Waiting[] {
		return this.line.filter(({ wait }) => wait.isAbortable);
	}

	abort(at: number): void {
		const aborted = this.abortable[at % this.abortable.length] as Waiting;
		aborted.wait.abort();
		aborted.wait.expected = 'aborted';
		this.line = this.line.filter((waiting) => waiting !== aborted);
	}

	look(): void {
		expect(this.#lock.write.locked).toBe(this.writing);
		expect(this.#lock.read.locked).toBe(this.readers > 0);
		expect(readingsOf(this.#lock)).toBe(this.readers);
		expect(waitersOf(this.#lock)).toBe(this.line.length);
	}

	override async settle(): Promise<void> {
		await super.settle();
		while (toldOf(this.#lock) > 0) await setImmediate(); // a writer that was told, and has not seen the readers yet
		this.#close();
	}

	async finish(): Promise<void> {
		while (!this.isFree) {
			if (this.writing) this.release('write');
			while (this.readers > 0) this.release('read');
			await this.settle();
		}
	}

	protected goOn(): void {
		for (const { wait } of this.late.splice(0)) wait.expected = 'false';
		while (this.line[0] !== undefined && this.#mayGo(this.line[0].side)) {
			const { side, wait } = this.line.shift() as Waiting;
			wait.expected = 'true';
			this.#count(side);
		}
	}

	get #inside(): number {
		return readingsOf(this.#lock) + (this.#lock.write.locked ? 1 : 0);
	}

	#ask(side: Side, patience: Patience): Wait {
		const lock = this.#side(side);
		return this.begin(patience, (options) =>
			options === undefined ? lock.acquire() : lock.acquire(options),
		);
	}

	#side(side: Side): ReadLock | WriteLock {
		return this.#lock[side];
	}

	#mayGo(side: Side): boolean {
		return !this.writing && (side === 'read' || this.readers === 0);
	}

	/** One who does not wait, or who may go together with those in front. */
	#enter(side: Side): void {
		expect(this.#mayGo(side)).toBe(true);
		expect(this.line[0]).not.toBe(this.#closing ?? null);
		this.#count(side);
	}

	#count(side: Side): void {
		if (side === 'write') this.writing = true;
		else this.readers++;
	}

	/** Somebody is in the way, or may have been told that it is its turn; who reads waits for no reader. */
	#expectKeptOut(side: Side): void {
		const inLine = [...this.line, ...this.late];
		const isNext = side === 'write' ? inLine.length === 0 : inLine.every((other) => other.side === 'read');
		expect(this.#mayGo(side) && isNext).toBe(false);
	}

	#join(side: Side, wait: Wait): void {
		this.line.push({ side, wait });
		if (this.late.length === 0 && this.line.length === 1) this.#close();
	}

	#close(): void {
		const [first] = this.line;
		this.#closing = first?.side === 'write' && !this.writing ? first : undefined;
	}
}

const anySide = fc.constantFrom<Side[]>('read', 'read', 'write');

export const rwlockSteps = [
	step('acquire', fc.tuple(anySide, anyPatience), (world: RWLockWorld, [side, patience]) =>
		world.acquire(side, patience),
	),
	step('tryAcquire', anySide, (world: RWLockWorld, side) => world.tryAcquire(side)),
	step(
		'acquireSync',
		anySide,
		(world: RWLockWorld, side) => world.acquireSync(side),
		({ isFree, readers, writing }) => isFree || readers > 0 || writing,
	),
	step('release', anySide, (world: RWLockWorld, side) => world.release(side)),
	step('release', anySide, (world: RWLockWorld, side) => world.release(side)), // twice as often, or the line only grows
	step(
		'abort',
		anyWait,
		(world: RWLockWorld, at) => world.abort(at),
		({ abortable }) => abortable.length > 0,
	),
];

/** The event loop turns in this step: what is too late is so before anything else happens. */
export const acquireTooLate = fc.tuple(anySide, anySide).map(([side, next]) => ({
	check: ({ readers, writing }: RWLockWorld) => writing || (side === 'write' && readers > 0),
	async run(world: RWLockWorld) {
		world.acquireTooLate(side, next);
		await world.settle();
	},
	toString: () => `acquireTooLate(${side}, ${next})`,
}));
