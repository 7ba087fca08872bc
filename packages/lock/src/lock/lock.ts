import {
	admit,
	brand,
	checkChoice,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	type Medium,
	type PatientOptions,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type ThreadId,
	type WaitOptions,
} from '@conc/core';
import { Acquirable } from '../acquirable.js';
import { DeadlockError } from '../errors.js';
import { handle, labelOf, type NameOptions, type Place, placed, placeFor } from '../layout.js';
import { takeAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import { type Monitor, monitor } from './monitor.js';
import { Mutex } from './mutex.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

export interface LockOptions extends NameOptions {
	/**
	 * What those who want the lock get when its owner has ended without releasing it: an `AbandonedLockError` until
	 * `recover()` (`'throw'`, the default), or simply the lock (`'release'`).
	 */
	readonly onAbandoned?: 'throw' | 'release' | undefined;
}

/**
 * One owner at a time, across the threads of this process. Sent to another thread, it is the same lock there.
 *
 * It knows which thread has it, not which task: any task and any thread may release it. First come, first served,
 * but a newcomer may go first until the first in line has waited 1 ms.
 *
 * (Python: `threading.Lock`, `multiprocessing.Lock`)
 */
export class Lock extends Acquirable implements Shareable {
	protected readonly label: string;
	readonly #mutex: Mutex;

	constructor(options: LockOptions = {}) {
		super();
		const place = placeFor(options);
		this.label = labelOf('Lock', place);
		this.#mutex = new Mutex(place, this.label);
		if (releasesWhenAbandoned(options)) this.#mutex.releaseWhenAbandoned();
	}

	/**
	 * Resolves with true when the lock is this thread's, with false when that took longer than `timeout` milliseconds.
	 * A lock that another task of this thread holds is waited for. Rejects with `AbandonedLockError` when its owner
	 * ended without releasing it, and with `signal.reason` when aborted. (`Lock.acquire`)
	 */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	acquire(options?: WaitOptions): Promise<boolean> {
		return options === undefined && this.#mutex.tryTake()
			? Promise.resolve(true)
			: takeAsync(this.#mutex, options);
	}

	/**
	 * The same, blocking this thread. Throws `DeadlockError` when this thread itself has the lock, since no task of it
	 * can release it meanwhile (with `timeout: 0` it returns false).
	 */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options?: SyncWaitOptions): boolean {
		return (options === undefined && this.#mutex.tryTake()) || this.#acquireSync(options);
	}

	/** Takes the lock if it is free: true or false at once. (`acquire(blocking=False)`) */
	tryAcquire(): boolean {
		return this.#mutex.tryHard();
	}

	/**
	 * Makes it free, or hands it to the next in line; also when another thread took it. Throws `LockError` when nobody
	 * has it, `AbandonedLockError` when the thread that took it has ended. (`Lock.release`)
	 */
	release(): void {
		this.#mutex.release();
	}

	/** Whether somebody has it. It may be otherwise by the time you look. (`Lock.locked`) */
	get locked(): boolean {
		return this.#mutex.owner !== 0;
	}

	/** The id of the thread that has it, or had it when it ended; null when nobody has it. */
	get owner(): ThreadId | null {
		return this.#mutex.owner || null;
	}

	/**
	 * Makes a lock free whose owner has ended; what it protects should be put right before. True when this call did
	 * it, false when the lock is free or its owner lives, so several threads may try.
	 */
	recover(): boolean {
		return this.#mutex.recover();
	}

	[monitor](): Monitor {
		const mutex = this.#mutex;
		return {
			isHeld: () => mutex.isMine,
			suspend() {
				mutex.release();
				return { awaitable: mutex, resume() {} };
			},
		};
	}

	[share](to: Medium): Place | FarHandle {
		const { place, label } = this.#mutex;
		return handle(to, { place, label, handle: place, Class: Lock });
	}

	static [revive](handle: Place | FarHandle): Lock {
		return isFar(handle) ? fromHandle(handle, farLock, revived) : revived(handle);
	}

	override toString(): string {
		return `${this.label} (${this.#mutex.state})`;
	}

	[inspect](): string {
		return this.toString();
	}

	[admit](timeout: number): boolean {
		if (this.#mutex.tryTake()) return true;
		if (timeout === 0 || !this.#mutex.isMine) return false;
		throw new DeadlockError(
			`acquireSync of ${this.label} would never end: this thread has it, and blocks\n` +
				'  → use acquire(), or an RLock where the same call chain takes it twice',
		);
	}

	#acquireSync(options: SyncWaitOptions | undefined): boolean {
		const timeout = readTimeout(options);
		return this[admit](timeout) || waitSync(this.#mutex, timeout);
	}
}
brand(Lock, '@conc/lock:Lock');

export const farLock = farForm(Lock, {
	waits: ['acquire'],
	attempts: { acquire: 'tryAcquire' },
	undoes: { acquire: 'release' },
	calls: ['tryAcquire', 'release', 'recover'],
	states: ['locked', 'owner'],
});

function revived(place: Place): Lock {
	return new Lock(placed(place));
}

/** Whether the option asks for that; a TypeError when it is none of the two words. */
export function releasesWhenAbandoned({ onAbandoned = 'throw' }: LockOptions): boolean {
	checkChoice('onAbandoned', ['throw', 'release'], onAbandoned);
	return onAbandoned === 'release';
}
