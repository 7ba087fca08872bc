import { LockError } from '../errors.js';
import { type Place, waitersAt } from '../layout.js';
import { type Awaitable, attempt, type Holder, type Turn } from '../wait/awaitable.js';
import { SHARED } from '../wait/slots.js';
import type { Waiters } from '../wait/waiters.js';
import type { Readers } from './readers.js';
import type { Writer } from './writer.js';

/** The reading side of an RWLock. A reader first shows itself, then looks for a writer; a writer does it the other way. */
export class Reader implements Awaitable {
	readonly waiters: Waiters;
	readonly #label: string;
	readonly #readers: Readers;
	readonly #writer: Writer;

	constructor(place: Place, label: string, readers: Readers, writer: Writer) {
		this.#label = label;
		this.#readers = readers;
		this.#writer = writer;
		this.waiters = waitersAt(place, readers.self, SHARED);
	}

	/** Whom a blocking wait waits for. */
	get holder(): Holder {
		return { ...this.#writer.holder, label: this.#label };
	}

	/** The uncontended way in: true or false at once. */
	tryTake(): boolean {
		if (!this.#writer.isFree) return false;
		this.#readers.enter();
		if (this.#writer.isFree) return true;
		this.#leave();
		return false;
	}

	/** The same for one who will not try again. */
	tryHard(): boolean {
		return this.tryTake() || attempt(this);
	}

	/** Joins another task of this thread that reads, also when a writer waits for that one; false when there is none. */
	tryJoin(): boolean {
		if (!this.#readers.includeMe) return false;
		this.#readers.enter();
		return true;
	}

	look(turn: Turn): boolean {
		for (;;) {
			if (!this.#writer.letsIn(turn) || !this.waiters.mayGo(turn, 1)) return false;
			this.#readers.enter();
			// Asked again: a writer may have come and gone meanwhile, who left it to others that joined the line.
			if (this.#writer.isAbsent && this.waiters.mayGo(turn, 1)) return true;
			this.#leave();
		}
	}

	release(): void {
		if (!this.#readers.includeMe) {
			throw new LockError(
				`${this.#label} was released by a thread that does not read: it is ${this.#writer.state}`,
			);
		}
		this.#leave();
	}

	passOn(): void {
		this.#writer.passOn();
	}

	#leave(): void {
		this.#readers.leave();
		this.#writer.notice();
	}
}
