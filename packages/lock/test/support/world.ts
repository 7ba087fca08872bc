import { setImmediate } from 'node:timers/promises';
import type { WaitOptions } from '@conc/core';
import fc from 'fast-check';
import { expect } from 'vitest';

/** How a task waits: as long as it takes, until it is aborted, for a moment, or not at all. */
export type Patience = 'endless' | 'abortable' | 'brief' | 'none';
export const anyPatience = fc.oneof(
	{ arbitrary: fc.constantFrom<Patience[]>('endless', 'abortable'), weight: 4 },
	{ arbitrary: fc.constant<Patience>('none'), weight: 1 },
);
/** Which of those who wait: the first more often, as it is the one that may just have been told. */
export const anyWait = fc.oneof(fc.constant(0), fc.nat(9));

/** More promises than any step needs to get where it has to wait for something else. */
const MICROTASKS = 20;
/** Only so that a wait which never ends is reported. */
const HANG_MS = 5_000;

/** A wait of a task: how it ends in the model, and how it did. */
export class Wait {
	readonly patience: Patience;
	/** What it ends with once it is its turn. */
	ending = 'true';
	expected: string | undefined;
	actual: string | undefined;
	readonly #controller = new AbortController();

	constructor(patience: Patience, begin: (options: WaitOptions | undefined) => Promise<unknown>) {
		this.patience = patience;
		const options = {
			endless: undefined,
			abortable: { signal: this.#controller.signal },
			brief: { timeout: 1 },
			none: { timeout: 0 },
		};
		begin(options[patience]).then(
			(value) => {
				this.actual = String(value);
			},
			(reason) => {
				this.actual = reason instanceof Error ? reason.name : String(reason);
			},
		);
	}

	get isAbortable(): boolean {
		return this.patience === 'abortable' && this.ending !== 'aborted' && this.expected === undefined;
	}

	abort(): void {
		this.#controller.abort('aborted');
	}
}

/** A primitive and a sequential model of it, to which the same is done. */
export abstract class World {
	/** The event loop turns after every step, so that nobody is between being told and going on. */
	readonly settles: boolean;
	#waits: Wait[] = [];

	constructor(settles = false) {
		this.settles = settles;
	}

	/** In the model: all who may go on do. */
	protected abstract goOn(): void;
	/** Expects of the primitive what the model says. */
	abstract look(): void;
	/** Lets all end who still wait. */
	abstract finish(): Promise<void>;

	protected begin(patience: Patience, call: (options: WaitOptions | undefined) => Promise<unknown>): Wait {
		const wait = new Wait(patience, call);
		this.#waits.push(wait);
		return wait;
	}

	/** Lets the event loop turn until those have gone on who should, and expects that nobody else has. */
	async settle(): Promise<void> {
		this.goOn();
		const late = performance.now() + HANG_MS;
		const isUnderWay = ({ expected, actual }: Wait) => expected !== undefined && actual === undefined;
		while (this.#waits.some(isUnderWay) && performance.now() < late) await setImmediate();
		await setImmediate(); // time for one too many
		expect(this.#waits.map(({ actual }) => actual)).toEqual(this.#waits.map(({ expected }) => expected));
		this.#waits = this.#waits.filter(({ actual }) => actual === undefined);
		this.look();
	}

	expectNobodyWaits(): void {
		expect(this.#waits).toEqual([]);
	}
}

type Step<W extends World> = fc.AsyncCommand<W, W>;

/** A step of a random program, where it can be done: it is done in one go, without a turn of the event loop. */
export function step<W extends World, A>(
	name: string,
	argument: fc.Arbitrary<A>,
	act: (world: W, argument: A) => void,
	can: (world: W) => boolean = () => true,
): fc.Arbitrary<Step<W>> {
	return argument.map((argument) => ({
		check: can,
		async run(world) {
			act(world, argument);
			for (let i = 0; i < MICROTASKS; i++) await null;
			if (world.settles) await world.settle();
			else world.look();
		},
		toString: () => `${name}(${argument === undefined ? '' : fc.stringify(argument)})`,
	}));
}

/** For steps that take nothing. */
export const nothing = fc.constant(undefined);

const turn = fc.constant<Step<World>>({
	check: () => true,
	run: (world) => world.settle(),
	toString: () => 'turn()',
});

/** Runs random programs of these steps and turns of the event loop; in the end everybody has ended. */
export async function runPrograms<W extends World, P>(
	parameter: fc.Arbitrary<P>,
	make: (parameter: P) => W,
	steps: fc.Arbitrary<Step<W>>[],
	numRuns: number,
): Promise<void> {
	const all: fc.Arbitrary<Step<W>>[] = [...steps, turn];
	// Short programs, which it would prefer, do little.
	const programs = fc.noBias(fc.commands(all, { maxCommands: 60, size: 'max' }));
	const property = fc.asyncProperty(parameter, programs, async (parameter, program) => {
		const world = make(parameter);
		await fc.asyncModelRun(() => ({ model: world, real: world }), program);
		await world.settle();
		await world.finish();
		await world.settle();
		world.expectNobodyWaits();
	});
	await fc.assert(property, { numRuns, interruptAfterTimeLimit: 40_000 });
}
