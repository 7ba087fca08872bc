import type { WaitOptions } from '@conc/core';
import type { Lock, RLock } from '@conc/lock';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, nothing, type Patience, step, type Wait, World } from '../support/world.js';

/** One holder, and a line of those who want to be. */
export class LockWorld<L extends Lock | RLock = Lock> extends World {
	holder: Wait | undefined;
	readonly line: Wait[] = [];
	readonly lock: L;

	constructor(lock: L) {
		super();
		this.lock = lock;
	}

	acquire(patience: Patience): void {
		const wasFree = !this.lock.locked;
		const wait = this.begin(patience, (options) => this.ask(options));
		if (wasFree && this.lock.locked) return this.#take(wait);
		// Who was told may not have come yet, and then it is its turn. But nobody waits for nobody.
		expect(wasFree && this.line.length === 0).toBe(false);
		if (patience === 'none') wait.expected = this.tooLate;
		else this.line.push(wait);
	}

	release(): void {
		this.lock.release();
		this.holder = undefined;
	}

	get abortable(): Wait[] {
		return this.line.filter(({ isAbortable }) => isAbortable);
	}

	abort(at: number): void {
		const wait = this.abortable[at % this.abortable.length] as Wait;
		wait.abort();
		wait.expected = 'aborted';
		this.line.splice(this.line.indexOf(wait), 1);
	}

	look(): void {
		expect(this.lock.locked).toBe(this.holder !== undefined);
		expect(waitersOf(this.lock)).toBe(this.line.length);
	}

	async finish(): Promise<void> {
		while (this.holder !== undefined) {
			this.release();
			await this.settle();
		}
	}

	protected ask(options: WaitOptions | undefined): Promise<unknown> {
		return options === undefined ? this.lock.acquire() : this.lock.acquire(options);
	}

	/** How a wait ends that found the lock taken. */
	protected get tooLate(): string {
		return 'false';
	}

	protected goOn(): void {
		this.#letIn();
	}

	/** Joins the line without having tried. */
	protected joinLine(wait: Wait): void {
		this.line.push(wait);
		if (this.line.length === 1) this.#letIn();
	}

	#letIn(): void {
		const [first] = this.line;
		if (this.holder !== undefined || first === undefined) return;
		this.line.shift();
		this.#take(first);
	}

	#take(wait: Wait): void {
		this.holder = wait;
		wait.expected = wait.ending;
	}
}

const isHeld = ({ holder }: LockWorld<Lock | RLock>) => holder !== undefined;

export const acquire = step('acquire', anyPatience, (world: LockWorld<Lock | RLock>, patience) =>
	world.acquire(patience),
);
export const abort = step(
	'abort',
	anyWait,
	(world: LockWorld<Lock | RLock>, at) => world.abort(at),
	({ abortable }) => abortable.length > 0,
);
export const release = step('release', nothing, (world: LockWorld) => world.release(), isHeld);

export const lockSteps = [acquire, abort, release];
