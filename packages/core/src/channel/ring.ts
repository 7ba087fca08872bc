import type { Small } from '../codec/small.js';
import { HEADER_BYTES, type Rec, Records } from './records.js';

/** Words at the head of the memory, each in a cache line of its own. */
const WRITTEN = 0;
const READ = 16;
const ASLEEP = 32;
const HEAD_BYTES = 192;

/** Always left free by calls with values, for those that only say that a message came by the other way. */
const RESERVE_BYTES = 0x4000;

/**
 * Records on their way from one thread to another, in memory that both share. One thread writes, one reads. What is
 * written can be read once it is published, whatever becomes of the writer.
 */
export class Ring {
	readonly #words: Int32Array;
	readonly #records: Records;
	readonly #size: number;
	/** How many bytes were written, and how many of them can be read; modulo 2^32, as all counts here. */
	#staged: number;
	#published: number;
	#read: number;

	constructor(memory: SharedArrayBuffer) {
		this.#words = new Int32Array(memory, 0, HEAD_BYTES / 4);
		this.#records = new Records(Buffer.from(memory, HEAD_BYTES));
		this.#size = memory.byteLength - HEAD_BYTES;
		this.#staged = this.#published = Atomics.load(this.#words, WRITTEN);
		this.#read = Atomics.load(this.#words, READ);
	}

	/** @param size in bytes, a power of two. The reader sleeps at first. */
	static memory(size: number): SharedArrayBuffer {
		const memory = new SharedArrayBuffer(HEAD_BYTES + size);
		new Int32Array(memory)[ASLEEP] = 1;
		return memory;
	}

	/** Writes a record, which can be read when it is published. False when there is no room. */
	write(id: number, about: number, values: readonly Small[] | null): boolean {
		const room = (this.#size - (this.#staged - Atomics.load(this.#words, READ))) >>> 0;
		const usable = values === null ? room : room - RESERVE_BYTES;
		if (usable < HEADER_BYTES) return false;
		const at = this.#staged & (this.#size - 1);
		const toEnd = this.#size - at;
		const next = this.#records.write(at, at + Math.min(toEnd, usable), id, about, values);
		if (next !== -1) {
			this.#staged = (this.#staged + next - at) | 0;
			return true;
		}
		// A record lies in one piece: what is left before the end stays empty.
		if (toEnd >= usable) return false;
		const end = this.#records.write(0, usable - toEnd, id, about, values);
		if (end === -1) return false;
		this.#records.skip(at, toEnd);
		this.#staged = (this.#staged + toEnd + end) | 0;
		return true;
	}

	/** Lets what was written be read. */
	publish(): void {
		if (this.isPublished) return;
		this.#published = this.#staged;
		Atomics.store(this.#words, WRITTEN, this.#staged);
	}

	/** Whether all that was written can be read. */
	get isPublished(): boolean {
		return this.#published === this.#staged;
	}

	/** Whether at least half of it is free. */
	get hasRoom(): boolean {
		return (this.#staged - Atomics.load(this.#words, READ)) >>> 0 < this.#size / 2;
	}

	/** Whether the reader has something to read and has to be woken for it; it is only said once. */
	wakes(): boolean {
		if (Atomics.load(this.#words, READ) === this.#published) return false;
		return Atomics.load(this.#words, ASLEEP) === 1 && Atomics.exchange(this.#words, ASLEEP, 0) === 1;
	}

	/** The next record; null when there is none. */
	read(): Rec | null {
		while (this.hasMore) {
			const at = this.#read & (this.#size - 1);
			const record = this.#records.isSkipped(at) ? null : this.#records.read(at);
			this.#read = (this.#read + this.#records.lengthAt(at)) | 0;
			Atomics.store(this.#words, READ, this.#read);
			if (record !== null) return record;
		}
		return null;
	}

	get hasMore(): boolean {
		return Atomics.load(this.#words, WRITTEN) !== this.#read;
	}

	/** The reader wants to be woken by what is published from now on; false when there is something already. */
	sleep(): boolean {
		Atomics.store(this.#words, ASLEEP, 1);
		if (!this.hasMore) return true;
		Atomics.store(this.#words, ASLEEP, 0);
		return false;
	}
}
