import type { Barrier } from '@conc/lock';
import fc from 'fast-check';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, nothing, type Patience, step, type Wait, World } from '../support/world.js';

/** One round after the other, each complete or broken. */
export class BarrierWorld extends World {
	#isBroken = false;
	/** In the current round, in order. */
	#arrived: Wait[] = [];
	/** Of rounds that are over, and the event loop has not turned since. */
	#over: Wait[] = [];
	readonly #barrier: Barrier;

	constructor(barrier: Barrier) {
		super();
		this.#barrier = barrier;
	}

	wait(patience: Patience): void {
		const wait = this.begin(patience, (options) => this.#barrier.wait(options));
		if (!this.#isBroken) {
			wait.ending = String(this.#arrived.length);
			if (this.#arrived.length + 1 === this.#barrier.parties) this.#end();
			else if (patience === 'none') this.break();
			else this.#arrived.push(wait);
		}
		if (this.#arrived.includes(wait)) return;
		wait.expected = this.#isBroken ? 'BrokenBarrierError' : wait.ending;
	}

	/** In the model only. */
	break(): void {
		this.#isBroken = true;
		this.#end('BrokenBarrierError');
	}

	abortBarrier(): void {
		this.#barrier.abort();
		this.break();
	}

	reset(): void {
		this.#barrier.reset();
		this.break();
		this.#isBroken = false;
	}

	get abortable(): Wait[] {
		return [...this.#arrived, ...this.#over].filter(({ isAbortable }) => isAbortable);
	}

	/** Aborts one who waits, which breaks its round, or one whose round is over, which changes nothing any more. */
	abort(at: number): void {
		const aborted = this.abortable[at % this.abortable.length] as Wait;
		aborted.abort();
		if (this.#arrived.includes(aborted)) this.break();
		this.#over = this.#over.filter((wait) => wait !== aborted);
		aborted.expected = 'aborted';
	}

	look(): void {
		expect(this.#barrier.waiting).toBe(this.#arrived.length);
		expect(this.#barrier.broken).toBe(this.#isBroken);
		expect(waitersOf(this.#barrier)).toBe(this.#arrived.length + this.#over.length);
	}

	async finish(): Promise<void> {
		this.reset();
	}

	protected goOn(): void {
		for (const wait of this.#over.splice(0)) wait.expected = wait.ending;
	}

	/** Ends the current round for those who have arrived. */
	#end(ending?: string): void {
		for (const wait of this.#arrived) wait.ending = ending ?? wait.ending;
		this.#over.push(...this.#arrived.splice(0));
	}
}

export const barrierSteps = [
	step('wait', anyPatience, (world: BarrierWorld, patience) => world.wait(patience)),
	step('wait', fc.constant<Patience>('endless'), (world: BarrierWorld, patience) => world.wait(patience)),
	step('abortBarrier', nothing, (world: BarrierWorld) => world.abortBarrier()),
	step('reset', nothing, (world: BarrierWorld) => world.reset()),
	step(
		'abort',
		anyWait,
		(world: BarrierWorld, at) => world.abort(at),
		({ abortable }) => abortable.length > 0,
	),
];
