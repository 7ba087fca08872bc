import type { Event } from '@conc/lock';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, nothing, type Patience, step, type Wait, World } from '../support/world.js';

/** A flag, those who wait for it, and those who waited when it was set. */
export class EventWorld extends World {
	#isSet = false;
	#waiting: Wait[] = [];
	#woken: Wait[] = [];
	readonly #event: Event;

	constructor(event: Event) {
		super();
		this.#event = event;
	}

	wait(patience: Patience): void {
		const wait = this.begin(patience, (options) =>
			options === undefined ? this.#event.wait() : this.#event.wait(options),
		);
		if (this.#isSet) wait.expected = 'true';
		else if (patience === 'none') wait.expected = 'false';
		else this.#waiting.push(wait);
	}

	set(): void {
		this.#event.set();
		this.#isSet = true;
		this.#woken.push(...this.#waiting.splice(0));
	}

	clear(): void {
		this.#event.clear();
		this.#isSet = false;
	}

	get abortable(): Wait[] {
		return [...this.#waiting, ...this.#woken].filter(({ isAbortable }) => isAbortable);
	}

	abort(at: number): void {
		const aborted = this.abortable[at % this.abortable.length] as Wait;
		aborted.abort();
		aborted.expected = 'aborted';
		this.#waiting = this.#waiting.filter((wait) => wait !== aborted);
		this.#woken = this.#woken.filter((wait) => wait !== aborted);
	}

	look(): void {
		expect(this.#event.isSet).toBe(this.#isSet);
		expect(waitersOf(this.#event)).toBe(this.#waiting.length + this.#woken.length);
	}

	async finish(): Promise<void> {
		this.set();
	}

	protected goOn(): void {
		for (const wait of this.#woken.splice(0)) wait.expected = 'true';
	}
}

export const eventSteps = [
	step('wait', anyPatience, (world: EventWorld, patience) => world.wait(patience)),
	step('set', nothing, (world: EventWorld) => world.set()),
	step('clear', nothing, (world: EventWorld) => world.clear()),
	step(
		'abort',
		anyWait,
		(world: EventWorld, at) => world.abort(at),
		({ abortable }) => abortable.length > 0,
	),
];
