import {
	brand,
	checkChoice,
	checkObject,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	kindOf,
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
import { MOST_OWNED_PERMITS, OwnedPermits } from './owned-permits.js';
import { MOST_PERMITS, Permits } from './permits.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Marks the options of a semaphore whose value may not exceed the one it started with. */
const bounded = Symbol('bounded');

export interface SemaphoreOptions extends NameOptions {
	/**
	 * What becomes of the permits of a thread that ends. `keep`, the default: they stay taken until somebody releases
	 * them; nobody owns a permit, and any thread may release one. `release`: they are free again within 100 ms; the
	 * thread that acquired is the one that releases, and there are 1,024 permits at most.
	 */
	readonly onAbandoned?: 'keep' | 'release' | undefined;
}

/**
 * A number of permits, across the threads of this process: `acquire` takes one, and waits while there is none.
 *
 * (Python: `threading.Semaphore`, `multiprocessing.Semaphore`)
 */
export class Semaphore extends Acquirable implements Shareable {
	protected readonly label: string;
	readonly #kind: string;
	readonly #place: Place;
	readonly #permits: Permits | OwnedPermits;

	/** @param value how many permits there are at first, 0 to 2**30 - 1 */
	constructor(value = 1, options: SemaphoreOptions = {}) {
		super();
		checkObject('options', options);
		const isBounded = bounded in options;
		this.#kind = isBounded ? 'BoundedSemaphore' : 'Semaphore';
		this.#place = isPlaced(options) ? placeFor(options) : startedPlace(value, options, isBounded);
		this.label = labelOf(this.#kind, this.#place);
		const Kind = OwnedPermits.areAt(this.#place) ? OwnedPermits : Permits;
		this.#permits = new Kind(this.#place, this.label);
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
	 * Gives `n` permits back and wakes as many who wait. `n` less than 1 or not whole is a RangeError; more than
	 * 2**30 - 1 permits, or with `onAbandoned: 'release'` more than this thread has, are a `LockError` and change
	 * nothing. (`Semaphore.release`)
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

	[share](to: Medium): Place | FarHandle {
		const Class = this.#kind === 'Semaphore' ? Semaphore : BoundedSemaphore;
		return handle(to, { place: this.#place, label: this.label, handle: this.#place, Class });
	}

	static [revive](handle: Place | FarHandle): Semaphore {
		return isFar(handle) ? fromHandle(handle, farSemaphore, revived) : revived(handle);
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

const semaphoreOperations = {
	waits: ['acquire'],
	attempts: { acquire: 'tryAcquire' },
	undoes: { acquire: 'release' },
	calls: ['tryAcquire', 'release'],
	states: ['value'],
};
const farSemaphore = farForm(Semaphore, semaphoreOperations);

/**
 * A semaphore that is not released more often than acquired: a release above the start value is a `LockError`, and
 * changes nothing.
 *
 * (Python: `threading.BoundedSemaphore`, `multiprocessing.BoundedSemaphore`)
 */
export class BoundedSemaphore extends Semaphore {
	/** @param value how many permits there are, 0 to 2**30 - 1 */
	constructor(value = 1, options: SemaphoreOptions = {}) {
		checkObject('options', options);
		super(value, { ...options, [bounded]: true } as SemaphoreOptions);
	}

	static override [revive](handle: Place | FarHandle): BoundedSemaphore {
		return isFar(handle) ? fromHandle(handle, farBounded, revivedBounded) : revivedBounded(handle);
	}
}
brand(BoundedSemaphore, '@conc/lock:BoundedSemaphore');

const farBounded = farForm(BoundedSemaphore, semaphoreOperations);

function revived(place: Place): Semaphore {
	return new Semaphore(0, placed(place));
}

function revivedBounded(place: Place): BoundedSemaphore {
	return new BoundedSemaphore(0, placed(place));
}

function startedPlace(value: number, options: SemaphoreOptions, isBounded: boolean): Place {
	if (typeof value !== 'number') throw new TypeError(`value must be a number, not ${kindOf(value)}`);
	const { onAbandoned = 'keep' } = options;
	checkChoice('onAbandoned', ['keep', 'release'], onAbandoned);
	if (onAbandoned === 'release') {
		checkValue(value, 1, MOST_OWNED_PERMITS, "1024 with onAbandoned: 'release'");
		const place = placeFor(options, OwnedPermits.bytes(value));
		OwnedPermits.start(place, value);
		return place;
	}
	checkValue(value, 0, MOST_PERMITS, '2**30 - 1');
	const place = placeFor(options);
	Permits.start(place, value, isBounded ? value : MOST_PERMITS);
	return place;
}

function checkValue(value: number, least: number, most: number, shown: string): void {
	if (Number.isInteger(value) && value >= least && value <= most) return;
	throw new RangeError(`value must be a whole number from ${least} to ${shown}, not ${value}`);
}
