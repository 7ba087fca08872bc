import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	type Medium,
	revive,
	type Shareable,
	share,
} from '@conc/core';
import { callerAt, handle, labelOf, type Place, placed, placeFor } from '../layout.js';
import { type LockOptions, releasesWhenAbandoned } from './lock.js';
import { farReadLock, ReadLock } from './read-lock.js';
import { Reader } from './reader.js';
import { READERS_BYTES, Readers } from './readers.js';
import { farWriteLock, WriteLock } from './write-lock.js';
import { Writer } from './writer.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * Many readers or one writer at a time, across the threads of this process. Sent to another thread, it is the same
 * lock there.
 *
 * First come, first served, but a newcomer may go first until the first in line has waited 1 ms. Readers next to each
 * other in line go together; none goes before a writer in front of it. It knows which threads have it, not which
 * tasks: any task of such a thread may release it, another thread may not.
 * There is no way from `read` to `write` without releasing: two who tried would wait for each other.
 *
 * (Python has none in its library.)
 */
export class RWLock implements Shareable {
	/** For any number at once, while nobody writes. */
	readonly read: ReadLock;
	/** For one at a time, while nobody reads. */
	readonly write: WriteLock;
	readonly #label: string;
	readonly #place: Place;
	readonly #writer: Writer;

	constructor(options: LockOptions = {}) {
		const place = placeFor(options, READERS_BYTES);
		const label = labelOf('RWLock', place);
		const readers = new Readers(place, callerAt(place));
		const writer = new Writer(place, label, readers);
		this.read = new ReadLock(`${label}.read`, new Reader(place, label, readers, writer), readers, writer);
		this.write = new WriteLock(`${label}.write`, readers, writer);
		this.#label = label;
		this.#place = place;
		this.#writer = writer;
		if (releasesWhenAbandoned(options)) writer.releaseWhenAbandoned();
	}

	/**
	 * Makes a lock free whose writer has ended; what it protects should be put right before. True when this call did
	 * it, false when nobody writes or the writer lives, so several threads may try.
	 */
	recover(): boolean {
		return this.#writer.recover();
	}

	[share](to: Medium): Place | FarHandle {
		return handle(to, { place: this.#place, label: this.#label, handle: this.#place, Class: RWLock });
	}

	static [revive](handle: Place | FarHandle): RWLock {
		return isFar(handle) ? fromHandle(handle, farRWLock, revived) : revived(handle);
	}

	toString(): string {
		return `${this.#label} (${this.#writer.state})`;
	}

	[inspect](): string {
		return this.toString();
	}
}
brand(RWLock, '@conc/lock:RWLock');

const farRWLock = farForm(RWLock, {
	calls: ['recover'],
	parts: {
		read: { Class: () => ReadLock, form: () => farReadLock },
		write: { Class: () => WriteLock, form: () => farWriteLock },
	},
});

function revived(place: Place): RWLock {
	return new RWLock(placed(place));
}
