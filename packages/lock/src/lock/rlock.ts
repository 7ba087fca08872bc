import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	type Medium,
	type PatientOptions,
	readSignal,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type ThreadId,
	type WaitOptions,
} from '@conc/core';
import { Acquirable } from '../acquirable.js';
import { DeadlockError, LockError } from '../errors.js';
import { handle, labelOf, type Place, placed, placeFor } from '../layout.js';
import { waitAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import { farRLockMembers } from './far-rlock.js';
import { Lock, type LockOptions, releasesWhenAbandoned } from './lock.js';
import { type Monitor, monitor } from './monitor.js';
import { Mutex } from './mutex.js';
import { Reentry } from './reentry.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A lock that its owner may take again, and releases as often.
 *
 * The owner is a call chain: what `with(fn)` runs, through all its awaits. Another task of the same thread waits.
 * What `acquire` or `hold` take outside of any `with` belongs to the whole thread, as in Python.
 *
 * (Python: `threading.RLock`, `multiprocessing.RLock`)
 */
export class RLock extends Acquirable implements Shareable {
	protected readonly label: string;
	readonly #mutex: Mutex;
	readonly #reentry: Reentry;

	constructor(options: LockOptions = {}) {
		super();
		const place = placeFor(options);
		this.label = labelOf('RLock', place);
		this.#mutex = new Mutex(place, this.label);
		this.#reentry = new Reentry(this.#mutex);
		if (releasesWhenAbandoned(options)) this.#mutex.releaseWhenAbandoned();
	}

	/** Runs `fn` as the owner: what it calls and awaits may take the lock again. Otherwise as `Lock.with`. */
	override with<T>(fn: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		return this.#reentry.inNewChain(() => super.with(fn, options));
	}

	/**
	 * Resolves with true when the lock is this call chain's, at once when it already was; with false when that took
	 * longer than `timeout` milliseconds. Rejects as `Lock.acquire` does. (`RLock.acquire`)
	 */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	async acquire(options?: WaitOptions): Promise<boolean> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		return this.#reentry.tryTake() || waitAsync(this.#reentry.asAwaitable(), timeout, signal);
	}

	/** The same, blocking this thread. Throws `DeadlockError` when another call chain of this thread has the lock. */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options?: SyncWaitOptions): boolean {
		const timeout = readTimeout(options);
		if (this.#reentry.tryTake()) return true;
		if (timeout > 0 && this.#mutex.isMine) {
			throw new DeadlockError(
				`acquireSync of ${this.label} would never end: another task of this thread has it, and this call blocks\n` +
					'  → use acquire() or with()',
			);
		}
		return waitSync(this.#reentry.asAwaitable(), timeout);
	}

	/** Takes the lock if it is free or already this call chain's: true or false at once. */
	tryAcquire(): boolean {
		return this.acquireSync({ timeout: 0 });
	}

	/**
	 * Undoes one acquire; the last one makes the lock free or hands it to the next in line. Throws `LockError` when it
	 * is not this call chain's. (`RLock.release`)
	 */
	release(): void {
		if (!this.#reentry.isOwned) {
			throw new LockError(
				`${this.label} was released by one who does not have it: it is ${this.#mutex.state}`,
			);
		}
		this.#reentry.release();
	}

	/** Whether somebody has it. It may be otherwise by the time you look. (`RLock.locked`) */
	get locked(): boolean {
		return this.#mutex.owner !== 0;
	}

	/** The id of the thread that has it, or had it when it ended; null when nobody has it. */
	get owner(): ThreadId | null {
		return this.#mutex.owner || null;
	}

	/** Whether this call chain has it. */
	get isOwned(): boolean {
		return this.#reentry.isOwned;
	}

	/** How many releases it takes until it is free; 1 at least when it is held in another process, which knows. */
	get depth(): number {
		return this.#reentry.depth || Number(this.locked);
	}

	/** As `Lock.recover`. */
	recover(): boolean {
		return this.#mutex.recover();
	}

	[monitor](): Monitor {
		return {
			isHeld: () => this.#reentry.isOwned,
			suspend: () => this.#reentry.suspend(),
		};
	}

	/** Other processes are served a plain lock: who of them takes it again knows that itself. */
	[share](to: Medium): Place | FarHandle {
		const { place, label } = this.#mutex;
		return handle(to, { place, label, handle: place, Class: Lock });
	}

	static [revive](handle: Place | FarHandle): RLock {
		return isFar(handle) ? fromHandle(handle, farRLock, revived) : revived(handle);
	}

	override toString(): string {
		const { depth } = this;
		return `${this.label} (${this.#mutex.state}${depth > 1 ? `, ${depth} times` : ''})`;
	}

	[inspect](): string {
		return this.toString();
	}
}
brand(RLock, '@conc/lock:RLock');

const farRLock = farForm(RLock, { calls: ['recover'], states: ['locked', 'owner'] }, farRLockMembers);

function revived(place: Place): RLock {
	return new RLock(placed(place));
}
