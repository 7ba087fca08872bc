import {
	brand,
	type Medium,
	type PatientOptions,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type WaitOptions,
} from '@conc/core';
import { Acquirable } from '../acquirable.js';
import { handle, isPlaced, labelOf, type NameOptions, type Place, placed, placeFor } from '../layout.js';
import { takeAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import { MOST_PERMITS, Permits } from './permits.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Marks the options of a semaphore whose value may not exceed the one it started with. */
const bounded = Symbol('bounded');

/**
 * A number of permits, across the threads of this process: `acquire` takes one, and waits while there is none.
 *
 * Nobody owns a permit, so any thread may release one; those of a thread that has ended stay taken, as in Python.
 *
 * (Python: `threading.Semaphore`, `multiprocessing.Semaphore`)
 */
export class Semaphore extends Acquirable implements Shareable {
	protected readonly label: string;
	readonly #kind: string;
	readonly #permits: Permits;

	/** @param value how many permits there are at first, 0 to 2**30 - 1 */
	constructor(value = 1, options: NameOptions = {}) {
		super();
		const place = placeFor(options);
		const isBounded = bounded in options;
		this.#kind = isBounded ? 'BoundedSemaphore' : 'Semaphore';
		this.label = labelOf(this.#kind, place);
		this.#permits = new Permits(place, this.label);
		if (!isPlaced(options)) this.#permits.start(checkedValue(value), isBounded ? value : MOST_PERMITS);
	}

	/**
	 * Resolves with true when it took a permit, with false when that took longer than `timeout` milliseconds. Rejects
	 * with `signal.reason` when aborted: no permit is taken then. (`Semaphore.acquire`)
	 */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	acquire(options?: WaitOptions): Promise<boolean> {
		return options === undefined && this.#permits.tryTake()
			? Promise.resolve(true)
			: takeAsync(this.#permits, options);
	}

	/** The same, blocking this thread. */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options?: SyncWaitOptions): boolean {
		return (options === undefined && this.#permits.tryTake()) || this.#acquireSync(options);
	}

	/** Takes a permit if there is one: true or false at once. (`acquire(blocking=False)`) */
	tryAcquire(): boolean {
		return this.#permits.tryHard();
	}

	/**
	 * Gives `n` permits back and wakes as many who wait. `n` less than 1 or not whole is a RangeError, more than
	 * 2**30 - 1 permits a `LockError`. (`Semaphore.release`)
	 */
	release(n = 1): void {
		if (!Number.isInteger(n) || n < 1 || n > MOST_PERMITS) {
			throw new RangeError(`release takes a whole number of permits from 1, not ${String(n)}`);
		}
		this.#permits.giveBack(n);
	}

	/** How many permits are free. It may be otherwise by the time you look. (`get_value`) */
	get value(): number {
		return this.#permits.count;
	}

	[share](to: Medium): Place {
		return handle(this.#kind, to, this.#permits.place);
	}

	static [revive](place: Place): Semaphore {
		return revived(place);
	}

	override toString(): string {
		return `${this.label} (value ${this.value})`;
	}

	[inspect](): string {
		return this.toString();
	}

	#acquireSync(options: SyncWaitOptions | undefined): boolean {
		const timeout = readTimeout(options);
		return this.#permits.tryTake() || waitSync(this.#permits, timeout);
	}
}
brand(Semaphore, '@conc/lock:Semaphore');

/**
 * A semaphore that is not released more often than acquired: a release above the start value is a `LockError`, and
 * changes nothing.
 *
 * (Python: `threading.BoundedSemaphore`, `multiprocessing.BoundedSemaphore`)
 */
export class BoundedSemaphore extends Semaphore {
	/** @param value how many permits there are, 0 to 2**30 - 1 */
	constructor(value = 1, options: NameOptions = {}) {
		super(value, { ...options, [bounded]: true } as NameOptions);
	}

	static override [revive](place: Place): BoundedSemaphore {
		return revivedBounded(place);
	}
}
brand(BoundedSemaphore, '@conc/lock:BoundedSemaphore');

function revived(place: Place): Semaphore {
	return new Semaphore(0, placed(place));
}

function revivedBounded(place: Place): BoundedSemaphore {
	return new BoundedSemaphore(0, placed(place));
}

function checkedValue(value: number): number {
	if (typeof value !== 'number') throw new TypeError(`value must be a number, not ${typeof value}`);
	if (Number.isInteger(value) && value >= 0 && value <= MOST_PERMITS) return value;
	throw new RangeError(`value must be a whole number from 0 to 2**30 - 1, not ${value}`);
}
