import type { Semaphore } from '@conc/lock';
import fc from 'fast-check';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, type Patience, step, type Wait, World } from '../support/world.js';

/** Permits, and a line of those who want one. */
export class SemaphoreWorld extends World {
	readonly line: Wait[] = [];
	readonly #permits: Semaphore;
	readonly #bound: number;
	#free: number;

	constructor(permits: Semaphore, bound: number) {
		super();
		this.#permits = permits;
		this.#free = permits.value;
		this.#bound = bound;
	}

	acquire(patience: Patience): void {
		const before = this.#permits.value;
		const wait = this.begin(patience, (options) =>
			options === undefined ? this.#permits.acquire() : this.#permits.acquire(options),
		);
		if (this.#permits.value < before) return this.#take(wait);
		expect(before).toBeLessThanOrEqual(this.line.length); // there is none left by those who were there before
		if (patience === 'none') wait.expected = 'false';
		else this.line.push(wait);
	}

	release(count: number): void {
		if (this.#free + count > this.#bound) {
			expect(() => this.#permits.release(count)).toThrow('was given back');
		} else {
			this.#permits.release(count);
			this.#free += count;
		}
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
		expect(this.#permits.value).toBe(this.#free);
		expect(waitersOf(this.#permits)).toBe(this.line.length);
	}

	async finish(): Promise<void> {
		while (this.line.length > 0) {
			this.release(1);
			await this.settle();
		}
	}

	protected goOn(): void {
		for (const wait of this.line.splice(0, this.#free)) this.#take(wait);
	}

	#take(wait: Wait): void {
		this.#free--;
		wait.expected = 'true';
	}
}

export const semaphoreSteps = [
	step('acquire', anyPatience, (world: SemaphoreWorld, patience) => world.acquire(patience)),
	step('release', fc.integer({ min: 1, max: 3 }), (world: SemaphoreWorld, count) => world.release(count)),
	step(
		'abort',
		anyWait,
		(world: SemaphoreWorld, at) => world.abort(at),
		({ abortable }) => abortable.length > 0,
	),
];
