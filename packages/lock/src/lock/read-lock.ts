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
import type { Reader } from './reader.js';
import type { Readers } from './readers.js';
import type { Writer } from './writer.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * The `read` of an `RWLock`: held by any number of tasks and threads at once, while nobody writes.
 *
 * It counts how often each thread has it. A thread that ends while it reads does not read any more; nothing is left
 * to recover.
 */
export class ReadLock extends Acquirable {
	protected readonly label: string;
	readonly #readers: Readers;
	readonly #reader: Reader;
	readonly #writer: Writer;

	constructor(label: string, reader: Reader, readers: Readers, writer: Writer) {
		super();
		this.label = label;
		this.#reader = reader;
		this.#readers = readers;
		this.#writer = writer;
	}

	/**
	 * Resolves with true when this thread may read, with false when that took longer than `timeout` milliseconds.
	 * Writers that came before go first; so a task that reads already and waits here behind one, which in turn waits
	 * for that task, waits for ever unless it has a `timeout` or `signal`. Rejects with `AbandonedLockError` when a
	 * writer ended without releasing it, and with `signal.reason` when aborted.
	 */
	acquire(options?: PatientOptions): Promise<true>;
	acquire(options: WaitOptions): Promise<boolean>;
	acquire(options?: WaitOptions): Promise<boolean> {
		return options === undefined && this.#reader.tryTake()
			? Promise.resolve(true)
			: takeAsync(this.#reader, options);
	}

	/**
	 * The same, blocking this thread. When a task of this thread reads already it is true at once, also before a
	 * writer in line, who waits for this very thread. Throws `DeadlockError` when a task of this thread writes, since
	 * it cannot release it meanwhile (with `timeout: 0` it returns false).
	 */
	acquireSync(options?: { readonly timeout?: undefined }): true;
	acquireSync(options: SyncWaitOptions): boolean;
	acquireSync(options?: SyncWaitOptions): boolean {
		return (options === undefined && this.#reader.tryTake()) || this.#acquireSync(options);
	}

	/** Begins to read if nobody writes or waits to write: true or false at once. */
	tryAcquire(): boolean {
		return this.#reader.tryHard();
	}

	/** Ends one reading of this thread. Throws `LockError` when this thread does not read. */
	release(): void {
		this.#reader.release();
	}

	/** Whether somebody reads. It may be otherwise by the time you look. */
	get locked(): boolean {
		return !this.#writer.isPresent && !this.#readers.areGone;
	}

	/** The ids of the threads that read. */
	get owners(): ThreadId[] {
		return this.#writer.isPresent ? [] : this.#readers.ids;
	}

	override toString(): string {
		return `${this.label} (${this.#writer.state})`;
	}

	[inspect](): string {
		return this.toString();
	}

	[admit](timeout: number): boolean {
		if (this.#reader.tryTake() || this.#reader.tryJoin()) return true;
		if (timeout === 0 || !this.#writer.isMine) return false;
		throw new DeadlockError(
			`acquireSync of ${this.label} would never end: this thread writes, and blocks\n` +
				'  → use acquire(), or release the write lock first',
		);
	}

	#acquireSync(options: SyncWaitOptions | undefined): boolean {
		const timeout = readTimeout(options);
		return this[admit](timeout) || waitSync(this.#reader, timeout);
	}
}

export const farReadLock = farForm(ReadLock, {
	waits: ['acquire'],
	attempts: { acquire: 'tryAcquire' },
	undoes: { acquire: 'release' },
	calls: ['tryAcquire', 'release'],
	states: ['locked', 'owners'],
});
