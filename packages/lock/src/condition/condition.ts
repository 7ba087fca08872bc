import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	kindOf,
	type Medium,
	type PatientOptions,
	type Remote,
	readSignal,
	readTimeout,
	remote,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type WaitOptions,
} from '@conc/core';
import { Acquirable, refusePromise, type Synchronous } from '../acquirable.js';
import { LockError } from '../errors.js';
import { handle, labelOf, type NameOptions, type Place, placed, placeFor } from '../layout.js';
import { Lock } from '../lock/lock.js';
import { monitor, type Suspended } from '../lock/monitor.js';
import { RLock } from '../lock/rlock.js';
import type { Turn } from '../wait/awaitable.js';
import { waitAsync, waitTurnAsync } from '../wait/wait-async.js';
import { waitSync, waitTurnSync } from '../wait/wait-sync.js';
import { type Detail, farConditionMembers, holdLock } from './far-condition.js';
import { Notices } from './notices.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

interface ConditionHandle {
	readonly place: Place;
	readonly kind: 'Lock' | 'RLock';
	readonly lock: Place;
}

/**
 * A lock and a line of those who wait for what it protects to change: `wait` releases the lock, sleeps until somebody
 * calls `notify` while holding it, and takes it again.
 *
 *     await condition.with(() => condition.waitFor(() => jobs.value > 0));
 *
 * Its own lock methods are those of the lock it was given. What was waited for may have changed again before the lock
 * was had: `waitFor` asks each time.
 *
 * (Python: `threading.Condition`, `multiprocessing.Condition`)
 */
export class Condition extends Acquirable implements Shareable {
	protected readonly label: string;
	/** The lock it was made with. */
	readonly lock: Lock | RLock;
	readonly #place: Place;
	readonly #notices: Notices;

	/** @param lock a new Lock when left out */
	constructor(lock: Lock | RLock = new Lock(), options: NameOptions = {}) {
		super();
		if (!(lock instanceof Lock || lock instanceof RLock))
			throw new TypeError('a Condition takes a Lock or an RLock');
		if (remote in lock) {
			throw new TypeError(
				`a Condition lives where its lock does, and that is another process: ${lock}\n  → make both in one process, and send the Condition`,
			);
		}
		this.lock = lock;
		this.#place = placeFor(options);
		this.label = labelOf('Condition', this.#place);
		this.#notices = new Notices(this.#place);
	}

	/** As that of its lock. */
	override with<T>(fn: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		return this.lock.with(fn, options);
	}

	/** As that of its lock. */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	acquire(options: WaitOptions = {}): Promise<boolean> {
		return this.lock.acquire(options);
	}

	/** As that of its lock. */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options: SyncWaitOptions = {}): boolean {
		return this.lock.acquireSync(options);
	}

	/** As that of its lock. */
	tryAcquire(): boolean {
		return this.lock.tryAcquire();
	}

	/** As that of its lock. */
	release(): void {
		this.lock.release();
	}

	/** As that of its lock. */
	get locked(): boolean {
		return this.lock.locked;
	}

	/**
	 * Releases the lock - an RLock however often it was taken -, waits to be notified, and takes it again as often:
	 * resolves with true when it was notified, with false when that took longer than `timeout` milliseconds. Taking the
	 * lock again takes what it takes, and comes before anything else: also before it rejects with `signal.reason`.
	 * Rejects with `LockError` when the caller does not have the lock, with `AbandonedLockError` when it cannot have it
	 * again because its owner ended. (`Condition.wait`)
	 */
	wait(options?: PatientOptions): Promise<true>;
	wait(options: WaitOptions): Promise<boolean>;
	async wait(options?: WaitOptions): Promise<boolean> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		return this.#waitOnce(timeout, signal);
	}

	/** The same, blocking this thread. */
	waitSync(options?: { readonly timeout?: undefined }): true;
	waitSync(options: SyncWaitOptions): boolean;
	waitSync(options?: SyncWaitOptions): boolean {
		return this.#waitOnceSync(readTimeout(options));
	}

	/**
	 * Waits until `predicate`, asked with the lock held at the start and at each notice, gives something true, and
	 * resolves with it; with its last answer when that took longer than `timeout` milliseconds. Otherwise as `wait`.
	 * (`Condition.wait_for`)
	 */
	async waitFor<T>(predicate: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		checkPredicate(predicate);
		const until = performance.now() + readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		this.#demandLock('waitFor');
		for (;;) {
			const answer = await predicate();
			const left = until - performance.now();
			if (answer || left <= 0) return answer;
			await this.#waitOnce(left, signal);
		}
	}

	/** The same, blocking this thread; `predicate` must not be async. */
	waitForSync<T>(predicate: Synchronous<T>, options?: SyncWaitOptions): T {
		checkPredicate(predicate);
		const until = performance.now() + readTimeout(options);
		this.#demandLock('waitForSync');
		for (;;) {
			const answer = (predicate as () => T)();
			refusePromise(`waitForSync of ${this.label}`, 'waitFor(predicate)', answer);
			const left = until - performance.now();
			if (answer || left <= 0) return answer;
			this.#waitOnceSync(left);
		}
	}

	/**
	 * Wakes as many as `n` who wait, the oldest first; they go on once the caller has released the lock. Nothing is kept
	 * for who waits later. Throws `LockError` when the caller does not have the lock. (`Condition.notify`)
	 */
	notify(n = 1): void {
		if (!Number.isInteger(n) || n < 1)
			throw new RangeError(`notify takes a whole number of waiters from 1, not ${String(n)}`);
		this.#demandLock('notify');
		this.#notices.notify(n);
	}

	/** Wakes everybody who waits. (`Condition.notify_all`) */
	notifyAll(): void {
		this.#demandLock('notifyAll');
		this.#notices.notify(Number.MAX_SAFE_INTEGER);
	}

	/** A waiter in another process has died before it heard that it was notified, and has the lock again. */
	protected passOn(): void {
		this.#notices.passOn(true); // to who waited when it was given
		this.release();
	}

	/** Other processes are served one with a plain lock, as that is what they are served of an RLock. */
	[share](to: Medium): ConditionHandle | FarHandle {
		const place = this.#place;
		const kind = this.lock instanceof RLock ? 'RLock' : 'Lock';
		const lock = this.lock[share]('thread') as Place;
		const own: ConditionHandle = { place, kind: to === 'thread' ? kind : 'Lock', lock };
		const detail = to === 'thread' ? undefined : { kind, lock: this.lock[share](to) };
		return handle(to, { place, label: this.label, handle: own, Class: Condition, detail });
	}

	static [revive](handle: ConditionHandle | FarHandle): Condition {
		return isFar(handle)
			? fromHandle(handle, farCondition, (own: ConditionHandle) => near(own, handle))
			: near(handle);
	}

	override toString(): string {
		return `${this.label} of ${this.lock}`;
	}

	[inspect](): string {
		return this.toString();
	}

	async #waitOnce(timeout: number, signal: AbortSignal | undefined): Promise<boolean> {
		const { turn, retake } = this.#release(false);
		let wasNotified = false;
		try {
			wasNotified = await waitTurnAsync(this.#notices, timeout, signal, turn);
		} finally {
			// One who was notified keeps the notice until the lock is had again, for others if this thread ends before.
			if (!wasNotified) this.#notices.leave(turn, false);
			try {
				await waitAsync(retake.awaitable, Number.POSITIVE_INFINITY);
				retake.resume();
			} finally {
				if (wasNotified) this.#notices.leave(turn, true);
			}
		}
		return wasNotified;
	}

	#waitOnceSync(timeout: number): boolean {
		const { turn, retake } = this.#release(true);
		let wasNotified = false;
		try {
			wasNotified = waitTurnSync(this.#notices, timeout, turn);
		} finally {
			if (!wasNotified) this.#notices.leave(turn, false);
			try {
				waitSync(retake.awaitable, Number.POSITIVE_INFINITY);
				retake.resume();
			} finally {
				if (wasNotified) this.#notices.leave(turn, true);
			}
		}
		return wasNotified;
	}

	/** Joins the line, and only then releases the lock. */
	#release(blocking: boolean): { turn: Turn; retake: Suspended } {
		this.#demandLock(blocking ? 'waitSync' : 'wait');
		const turn = this.#notices.join(blocking);
		return { turn, retake: this.lock[monitor]().suspend() };
	}

	#demandLock(verb: string): void {
		if (this.lock[monitor]().isHeld()) return;
		throw new LockError(
			`${verb} of ${this.label} was called without its lock\n  → call it in condition.with(...), or between acquire and release`,
		);
	}
}
brand(Condition, '@conc/lock:Condition');

const farForms = farForm(
	Condition,
	{ waits: ['wait'], undoes: { wait: 'passOn' }, calls: ['notify', 'notifyAll'] },
	farConditionMembers,
);

/** Its lock, too, is kept at home as long as somebody has this. */
function farCondition(at: Remote): Condition {
	const condition = farForms(at);
	holdLock(condition);
	return condition;
}

/** @param came what brought it home from other processes, if it has been there */
function near({ place, kind, lock }: ConditionHandle, came?: FarHandle): Condition {
	const itsKind = came === undefined ? kind : (came.detail as Detail).kind;
	return revived(place, itsKind === 'RLock' ? RLock[revive](lock) : Lock[revive](lock));
}

function revived(place: Place, lock: Lock | RLock): Condition {
	return new Condition(lock, placed(place));
}

function checkPredicate(predicate: unknown): void {
	if (typeof predicate !== 'function')
		throw new TypeError(`predicate must be a function, not ${kindOf(predicate)}`);
}
