import {
	admit,
	farForm,
	type PatientOptions,
	readTimeout,
	type SyncWaitOptions,
	type ThreadId,
	type WaitOptions,
} from '@conc/core';
import { Acquirable } from '../acquirable.js';
import { DeadlockError } from '../errors.js';
import { takeAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import type { Readers } from './readers.js';
import type { Writer } from './writer.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The `write` of an `RWLock`: held by one thread, while nobody else writes or reads. */
export class WriteLock extends Acquirable {
	protected readonly label: string;
	readonly #readers: Readers;
	readonly #writer: Writer;

	constructor(label: string, readers: Readers, writer: Writer) {
		super();
		this.label = label;
		this.#readers = readers;
		this.#writer = writer;
	}

	/**
	 * Resolves with true when this thread may write, with false when that took longer than `timeout` milliseconds.
	 * From its turn on no reader comes in, and it waits for those who are. It waits for readers of this thread too, so
	 * one that reads and wants to write as well waits for ever, and everybody with it, unless it has a `timeout` or
	 * `signal`: release `read` first. Rejects with `AbandonedLockError` when a writer ended without releasing it, and
	 * with `signal.reason` when aborted.
	 */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	acquire(options?: WaitOptions): Promise<boolean> {
		return options === undefined && this.#writer.tryTake()
			? Promise.resolve(true)
			: takeAsync(this.#writer, options);
	}

	/**
	 * The same, blocking this thread. Throws `DeadlockError` when this thread itself reads or writes, since no task of
	 * it can release it meanwhile (with `timeout: 0` it returns false).
	 */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options?: SyncWaitOptions): boolean {
		return (options === undefined && this.#writer.tryTake()) || this.#acquireSync(options);
	}

	/** Begins to write if nobody reads, writes or waits for that: true or false at once. */
	tryAcquire(): boolean {
		return this.#writer.tryHard();
	}

	/** Lets the next in line go on. Throws `LockError` when this thread does not write. */
	release(): void {
		this.#writer.release();
	}

	/** Whether somebody writes. It may be otherwise by the time you look. */
	get locked(): boolean {
		return this.#writer.isPresent;
	}

	/** The id of the thread that writes, or did when it ended; null when nobody does. */
	get owner(): ThreadId | null {
		return this.#writer.owner || null;
	}

	override toString(): string {
		return `${this.label} (${this.#writer.state})`;
	}

	[inspect](): string {
		return this.toString();
	}

	[admit](timeout: number): boolean {
		if (this.#writer.tryTake()) return true;
		if (timeout > 0) this.#refuseDeadlock();
		return false;
	}

	#acquireSync(options: SyncWaitOptions | undefined): boolean {
		const timeout = readTimeout(options);
		return this[admit](timeout) || waitSync(this.#writer, timeout);
	}

	#refuseDeadlock(): void {
		const does = this.#writer.isMine ? 'writes' : this.#readers.includeMe ? 'reads' : undefined;
		if (does === undefined) return;
		throw new DeadlockError(
			`acquireSync of ${this.label} would never end: this thread ${does}, and blocks\n` +
				'  → release what this thread has first, or use acquire() where another task of it does',
		);
	}
}

export const farWriteLock = farForm(WriteLock, {
	waits: ['acquire'],
	attempts: { acquire: 'tryAcquire' },
	undoes: { acquire: 'release' },
	calls: ['tryAcquire', 'release'],
	states: ['locked', 'owner'],
});
