import {
	brand,
	checkObject,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	kindOf,
	type Medium,
	readSignal,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type WaitOptions,
} from '@conc/core';
import { DeadlockError } from '../errors.js';
import { handle, isPlaced, labelOf, type NameOptions, type Place, placed, placeFor } from '../layout.js';
import { waitAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import { type Failure, farBarrierMembers, runAction } from './far-barrier.js';
import { Rounds, roundsBytes } from './rounds.js';
import { Visit } from './visit.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

const MOST_PARTIES = 2 ** 20;

export interface BarrierOptions extends NameOptions {
	/**
	 * Runs once in every round, in the last party to arrive, before any of them goes on. It goes along when the barrier
	 * is sent to another thread, like any function, and must not be async.
	 */
	readonly action?: (() => void) | undefined;
	/** The time limit of each wait that has none of its own, in milliseconds. */
	readonly timeout?: number | undefined;
}

/** What crosses to another thread. */
interface BarrierHandle extends Place {
	readonly parties: number;
	readonly action: (() => void) | undefined;
	/** In milliseconds. */
	readonly timeout: number | undefined;
}

/**
 * A point that so many parties - threads, or tasks of one thread - must all have reached before any of them goes on;
 * again and again, in rounds.
 *
 * A round in which a party gives up, or its thread ends, cannot be completed: the barrier is then broken, and every
 * wait a `BrokenBarrierError`, until `reset()`.
 *
 * (Python: `threading.Barrier`, `multiprocessing.Barrier`)
 */
export class Barrier implements Shareable {
	readonly #label: string;
	readonly #place: Place;
	readonly #rounds: Rounds;
	readonly #action: (() => void) | undefined;
	readonly #timeout: number | undefined;
	/** Of a party in another process: the last to arrive, which runs the action. */
	#acting: Visit | undefined;

	/** @param parties how many must come, 1 to 2**20 */
	constructor(parties: number, options: BarrierOptions = {}) {
		checkObject('options', options, 'such as { timeout: 1000 }');
		const { action, timeout } = options;
		checkParties(parties);
		readTimeout({ timeout });
		if (action !== undefined && typeof action !== 'function')
			throw new TypeError(`action must be a function, not ${kindOf(action)}`);
		this.#action = action;
		this.#timeout = timeout;
		this.#place = placeFor(options, roundsBytes(parties));
		this.#label = labelOf('Barrier', this.#place);
		this.#rounds = new Rounds(this.#place, this.#label, parties);
		if (!isPlaced(options)) this.#rounds.start();
	}

	/**
	 * Resolves when all parties have come, with a number from 0 to parties - 1 that is another for each of them. The
	 * last to come runs the action first; what that throws goes to it, and breaks the barrier for the others.
	 *
	 * Rejects with `BrokenBarrierError` when the barrier is or gets broken, or is reset. The wait itself breaks it when
	 * it lasts longer than `timeout` milliseconds, and when `signal` is aborted: then it rejects with `signal.reason`.
	 * (`Barrier.wait`)
	 */
	async wait(options?: WaitOptions): Promise<number> {
		const timeout = this.#timeLimit(options);
		const signal = readSignal(options);
		const visit = new Visit(this.#rounds);
		try {
			signal?.throwIfAborted();
			if (!visit.arrives()) await waitAsync(visit.arriving, Number.POSITIVE_INFINITY, signal);
			if (visit.isLast) visit.complete(() => this.#act());
			else if (!(await waitAsync(visit.passing, timeout, signal))) {
				visit.beLate();
				await waitAsync(visit.passing, Number.POSITIVE_INFINITY, signal);
			}
			return visit.place;
		} catch (error) {
			visit.giveUp();
			throw error;
		}
	}

	/**
	 * The same, blocking this thread: none of its other tasks can come meanwhile. Throws `DeadlockError` within the
	 * action.
	 */
	waitSync(options?: SyncWaitOptions): number {
		const timeout = this.#timeLimit(options);
		if (this.#rounds.isActing) throw this.#waitsForItself();
		const visit = new Visit(this.#rounds);
		try {
			if (!visit.arrives()) waitSync(visit.arriving, Number.POSITIVE_INFINITY);
			if (visit.isLast) visit.complete(() => this.#act());
			else if (!waitSync(visit.passing, timeout)) {
				visit.beLate();
				waitSync(visit.passing, Number.POSITIVE_INFINITY);
			}
			return visit.place;
		} catch (error) {
			visit.giveUp();
			throw error;
		}
	}

	/** Breaks the barrier: those who wait, and all who come until `reset()`, get `BrokenBarrierError`. (`Barrier.abort`) */
	abort(): void {
		this.#rounds.abort();
	}

	/** Begins anew, also after it was broken. Those who wait get `BrokenBarrierError`. (`Barrier.reset`) */
	reset(): void {
		this.#rounds.reset();
	}

	/** How many must come. (`Barrier.parties`) */
	get parties(): number {
		return this.#rounds.parties;
	}

	/** How many have come and wait for the others. It may be otherwise by the time you look. (`Barrier.n_waiting`) */
	get waiting(): number {
		return this.#rounds.arrived;
	}

	/** Whether it is broken. (`Barrier.broken`) */
	get broken(): boolean {
		return this.#rounds.isBroken;
	}

	/** The wait of a party in another process; true when it is the last, and is to run the action. */
	protected async enter(options: WaitOptions): Promise<readonly [place: number, isLast: boolean]> {
		const visit = new Visit(this.#rounds);
		try {
			const { timeout, signal } = options;
			if (!visit.arrives()) await waitAsync(visit.arriving, Number.POSITIVE_INFINITY, signal);
			if (visit.isLast) {
				visit.fill();
				this.#acting = visit;
			} else if (!(await waitAsync(visit.passing, readTimeout({ timeout }), signal))) {
				visit.beLate();
				await waitAsync(visit.passing, Number.POSITIVE_INFINITY, signal);
			}
			return [visit.place, visit.isLast];
		} catch (error) {
			visit.giveUp();
			throw error;
		}
	}

	/** It has run the action; `failure` says how that failed, null that it did not. */
	protected acted(failure: Failure | null): void {
		const visit = this.#acting;
		this.#acting = undefined;
		if (failure === null) visit?.pass();
		else visit?.fail(Object.assign(new Error(failure[1]), { name: failure[0] }));
	}

	[share](to: Medium): BarrierHandle | FarHandle {
		const { parties } = this;
		const place = this.#place;
		const detail = { parties, timeout: this.#timeout, action: this.#action };
		// Who arrives last in another process runs the action there.
		const served = { ...place, parties, timeout: undefined, action: undefined };
		const own = to === 'thread' ? { ...place, ...detail } : served;
		return handle(to, { place, label: this.#label, handle: own, Class: Barrier, detail });
	}

	static [revive](handle: BarrierHandle | FarHandle): Barrier {
		return isFar(handle)
			? fromHandle(handle, farBarrier, (own: BarrierHandle) =>
					revived({ ...own, ...(handle.detail as object) }),
				)
			: revived(handle);
	}

	toString(): string {
		return `${this.#label} (${this.broken ? 'broken' : `${this.waiting} of ${this.parties} waiting`})`;
	}

	[inspect](): string {
		return this.toString();
	}

	#timeLimit(options: SyncWaitOptions | undefined): number {
		return readTimeout(options?.timeout === undefined ? { timeout: this.#timeout } : options);
	}

	#act(): void {
		runAction(this.#label, this.#action);
	}

	#waitsForItself(): DeadlockError {
		return new DeadlockError(
			`the action of ${this.#label} waits for the barrier itself, which waits for the action\n  → wait after the round, or with wait() and without awaiting it`,
		);
	}
}
brand(Barrier, '@conc/lock:Barrier');

const farBarrier = farForm(
	Barrier,
	{ waits: ['enter'], calls: ['acted', 'abort', 'reset'], states: ['waiting', 'broken'] },
	farBarrierMembers,
);

function revived({ parties, action, timeout, ...place }: BarrierHandle): Barrier {
	return new Barrier(parties, { ...placed(place), action, timeout });
}

function checkParties(parties: number): void {
	if (typeof parties !== 'number') throw new TypeError(`parties must be a number, not ${kindOf(parties)}`);
	if (Number.isInteger(parties) && parties >= 1 && parties <= MOST_PARTIES) return;
	throw new RangeError(`parties must be a whole number from 1 to 2**20, not ${parties}`);
}
