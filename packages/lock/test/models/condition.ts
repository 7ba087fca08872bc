import type { Condition, Lock } from '@conc/lock';
import fc from 'fast-check';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, type Patience, step, type Wait } from '../support/world.js';
import { abort, acquire, LockWorld, release } from './lock.js';

/** A lock, and a line of those who wait to be notified. */
export class ConditionWorld extends LockWorld {
	/** Not notified, oldest first. */
	sleeping: Wait[] = [];
	/** Notified, and the event loop has not turned since. */
	notified: Wait[] = [];
	/** Waited when somebody was notified last. */
	#older = new Set<Wait>();
	/** Notified, and not yet seen with the lock. */
	#noticed = new Set<Wait>();
	readonly #condition: Condition;

	constructor(condition: Condition) {
		super(condition.lock as Lock);
		this.#condition = condition;
	}

	wait(patience: Patience): void {
		const wait = this.begin(patience, (options) =>
			options === undefined ? this.#condition.wait() : this.#condition.wait(options),
		);
		this.holder = undefined;
		if (patience === 'none') this.#giveUp(wait, 'false');
		else this.sleeping.push(wait);
	}

	notify(count: number): void {
		if (count < 4) this.#condition.notify(count);
		else this.#condition.notifyAll();
		this.#older = new Set(this.sleeping);
		this.#give(this.sleeping.slice(0, count < 4 ? count : undefined));
	}

	/** Who has been notified takes the lock back whatever happens. */
	override get abortable(): Wait[] {
		return super.abortable.filter((wait) => !this.#noticed.has(wait));
	}

	get impatient(): Wait[] {
		return [...this.notified, ...this.sleeping].filter(({ isAbortable }) => isAbortable);
	}

	/** Aborts one who waits for a notice, or has one and has not seen it: then another gets it. */
	abortWait(at: number): void {
		const aborted = this.impatient[at % this.impatient.length] as Wait;
		aborted.abort();
		if (this.notified.includes(aborted)) {
			this.notified = this.notified.filter((wait) => wait !== aborted);
			this.#noticed.delete(aborted);
			this.#give(this.sleeping.filter((wait) => this.#older.has(wait)).slice(0, 1));
		}
		this.sleeping = this.sleeping.filter((wait) => wait !== aborted);
		this.#giveUp(aborted, 'aborted');
	}

	override look(): void {
		super.look();
		for (const wait of this.#noticed) if (wait.expected !== undefined) this.#noticed.delete(wait);
		expect(waitersOf(this.#condition)).toBe(this.sleeping.length + this.#noticed.size);
	}

	override async finish(): Promise<void> {
		for (;;) {
			if (this.holder === undefined) {
				if (this.sleeping.length === 0) return;
				this.acquire('endless');
			}
			this.notify(4);
			this.release();
			await this.settle();
		}
	}

	protected override goOn(): void {
		this.line.push(...this.notified.splice(0));
		super.goOn();
	}

	#give(lucky: Wait[]): void {
		for (const wait of lucky) this.#noticed.add(wait);
		this.notified.push(...lucky);
		this.sleeping = this.sleeping.filter((wait) => !lucky.includes(wait));
	}

	/** From now on it only wants the lock back, and nothing can keep it from that. */
	#giveUp(wait: Wait, ending: string): void {
		wait.ending = ending;
		this.joinLine(wait);
	}
}

/** One who waits, where nothing keeps it from that. */
const acquireAndWait = step(
	'acquireAndWait',
	anyPatience,
	(world: ConditionWorld, patience) => {
		world.acquire('endless');
		world.wait(patience);
	},
	({ holder, line }) => holder === undefined && line.length === 0,
);

const isHeld = ({ holder }: ConditionWorld) => holder !== undefined;

export const conditionSteps = [
	acquire,
	release,
	step('wait', anyPatience, (world: ConditionWorld, patience) => world.wait(patience), isHeld),
	acquireAndWait,
	acquireAndWait, // twice as often, so that several do
	step(
		'notify',
		fc.integer({ min: 1, max: 4 }),
		(world: ConditionWorld, count) => world.notify(count),
		({ holder, sleeping }) => holder !== undefined && sleeping.length > 0,
	),
	// So rarely one after the other by chance, and so much can go wrong.
	step(
		'notifyAndAbortWait',
		fc.constantFrom(1, 2),
		(world: ConditionWorld, count) => {
			world.notify(count);
			world.abortWait(0);
		},
		({ holder, sleeping }) => holder !== undefined && sleeping[0]?.isAbortable === true,
	),
	abort,
	step(
		'abortWait',
		anyWait,
		(world: ConditionWorld, at) => world.abortWait(at),
		({ impatient }) => impatient.length > 0,
	),
];
