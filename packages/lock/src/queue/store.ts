import type { Registry, ThreadId } from '@conc/core';
import { Guard } from './guard.js';
import type { Item } from './item.js';

const GUARD = 0;
const CURRENT = 1; // which of the two states holds: 0 or 1
const STATES = 16; // where the first state begins
const STATE_WORDS = 16;

/** Words the store takes beside the memory of its items. */
export const STORE_WORDS = STATES + 2 * STATE_WORDS;

// The words of a state.
const HEAD = 0; // where the oldest record begins
const USED = 1; // bytes from there on that hold records
const ROOM = 2; // bytes there are: the length of the ring
const COUNT = 3; // records
const UNFINISHED = 4; // items put for which no `taskDone` came
const SHUT = 5; // OPEN, NO_PUTS or NOTHING

const OPEN = 0;
const NO_PUTS = 1;

/** A record: length and kind of its bytes, these, and at its end how long it is, to find it from behind. */
const HEADER_BYTES = 8;
const FOOTER_BYTES = 8;
const ALIGNMENT = 8;

const FIRST_ROOM = 1 << 16;
/** How much waiting items may take. The system lends memory only as it is used. */
const MOST_ROOM = 1 << 28;

/** The longest item. */
export const MOST_BYTES = 1 << 27;

export type End = 'oldest' | 'newest';

/**
 * The items that wait, as records in a ring of shared memory, which grows.
 *
 * All that changes is in a state, of which there are two: a change is written into the one that does not hold and takes
 * effect by one store to CURRENT. So a thread may end at any instruction, and nothing is half done.
 */
export class Store {
	readonly #words: Int32Array;
	readonly #memory: SharedArrayBuffer;
	readonly #guard: Guard;
	#bytes: Uint8Array;

	static memory(): SharedArrayBuffer {
		return new SharedArrayBuffer(FIRST_ROOM, { maxByteLength: MOST_ROOM });
	}

	constructor(words: Int32Array, memory: SharedArrayBuffer, registry: Registry, self: ThreadId) {
		this.#words = words;
		this.#memory = memory;
		this.#guard = new Guard(words, GUARD, registry, self);
		this.#bytes = new Uint8Array(memory, 0, memory.byteLength);
	}

	/** Called once, before it is shared. */
	start(): void {
		Atomics.store(this.#words, STATES + ROOM, FIRST_ROOM);
	}

	get count(): number {
		return this.#read(COUNT);
	}

	get unfinished(): number {
		return this.#read(UNFINISHED);
	}

	get isShut(): boolean {
		return this.#read(SHUT) !== OPEN;
	}

	/** Adds an item; false when there are `most` already, or there is no memory for it. Nothing is added when it is shut. */
	push(item: Item, most: number): 'added' | 'full' | 'shut' {
		return this.#guard.run(() => {
			const state = this.#begin();
			const size = sizeOf(item.bytes.length);
			if (this.#of(state, SHUT) !== OPEN) return 'shut';
			if (this.#of(state, COUNT) >= most || !this.#makeRoom(state, size)) return 'full';
			const at = this.#of(state, HEAD) + this.#of(state, USED);
			const header = new Int32Array([item.bytes.length, item.kind]);
			this.#write(state, at, new Uint8Array(header.buffer));
			this.#write(state, at + HEADER_BYTES, item.bytes);
			this.#write(state, at + size - FOOTER_BYTES, new Uint8Array(new Int32Array([size, 0]).buffer));
			this.#add(state, USED, size);
			this.#add(state, COUNT, 1);
			this.#add(state, UNFINISHED, 1);
			this.#commit(state);
			return 'added';
		});
	}

	/** Takes an item away, unless `accept` refuses it; null when there is none. */
	take(end: End, accept: (item: Item) => boolean): Item | 'refused' | null {
		return this.#guard.run(() => {
			const state = this.#begin();
			if (this.#of(state, COUNT) === 0) return null;
			const head = this.#of(state, HEAD);
			const used = this.#of(state, USED);
			const room = this.#of(state, ROOM);
			const size = end === 'oldest' ? 0 : (this.#ints(state, head + used - FOOTER_BYTES)[0] as number);
			const at = end === 'oldest' ? head : head + used - size;
			const [length, kind] = this.#ints(state, at) as unknown as [number, number];
			const item = { kind, bytes: this.#slice(state, at + HEADER_BYTES, length) };
			if (!accept(item)) return 'refused';
			if (end === 'oldest') this.#set(state, HEAD, (head + sizeOf(length)) % room);
			this.#add(state, USED, -sizeOf(length));
			this.#add(state, COUNT, -1);
			this.#commit(state);
			return item;
		});
	}

	/** One item less is unfinished; how many are then, -1 when none was. */
	finish(): number {
		return this.#guard.run(() => {
			const state = this.#begin();
			const left = this.#of(state, UNFINISHED) - 1;
			if (left < 0) return -1;
			this.#set(state, UNFINISHED, left);
			this.#commit(state);
			return left;
		});
	}

	/** Takes no more items; with `immediate` those that wait are dropped, and count as finished. */
	shut(immediate: boolean): void {
		this.#guard.run(() => {
			const state = this.#begin();
			this.#set(state, SHUT, NO_PUTS);
			if (immediate) {
				this.#add(state, UNFINISHED, -Math.min(this.#of(state, COUNT), this.#of(state, UNFINISHED)));
				this.#set(state, USED, 0);
				this.#set(state, COUNT, 0);
			}
			this.#commit(state);
		});
	}

	/** Where the state that holds begins. */
	get #current(): number {
		return STATES + Atomics.load(this.#words, CURRENT) * STATE_WORDS;
	}

	#read(word: number): number {
		return Atomics.load(this.#words, this.#current + word);
	}

	/** A copy of the state that holds, to be changed. */
	#begin(): number {
		const from = this.#current;
		const to = from === STATES ? STATES + STATE_WORDS : STATES;
		for (let word = 0; word < STATE_WORDS; word++)
			Atomics.store(this.#words, to + word, Atomics.load(this.#words, from + word));
		return to;
	}

	/** Makes it the state that holds. */
	#commit(state: number): void {
		Atomics.store(this.#words, CURRENT, state === STATES ? 0 : 1);
	}

	#of(state: number, word: number): number {
		return Atomics.load(this.#words, state + word);
	}

	#set(state: number, word: number, value: number): void {
		Atomics.store(this.#words, state + word, value);
	}

	#add(state: number, word: number, value: number): void {
		Atomics.add(this.#words, state + word, value);
	}

	/** Doubles the ring until so many bytes more fit in; false when it would become too large. */
	#makeRoom(state: number, size: number): boolean {
		const used = this.#of(state, USED);
		let room = this.#of(state, ROOM);
		while (room - used < size) {
			if (room * 2 > MOST_ROOM) return false;
			if (this.#memory.byteLength < room * 2) this.#memory.grow(room * 2);
			// What went on at the start goes on behind the old end, where nothing has been yet.
			const over = this.#of(state, HEAD) + used - room;
			const bytes = this.#view(room * 2);
			if (over > 0) bytes.copyWithin(room, 0, over);
			room *= 2;
			this.#set(state, ROOM, room);
		}
		return true;
	}

	#view(length: number): Uint8Array {
		if (this.#bytes.length < length) this.#bytes = new Uint8Array(this.#memory, 0, this.#memory.byteLength);
		return this.#bytes;
	}

	#write(state: number, position: number, source: Uint8Array): void {
		const room = this.#of(state, ROOM);
		const bytes = this.#view(room);
		const at = position % room;
		const first = Math.min(source.length, room - at);
		bytes.set(first === source.length ? source : source.subarray(0, first), at);
		if (first < source.length) bytes.set(source.subarray(first), 0);
	}

	/** A copy, outside of shared memory. */
	#slice(state: number, position: number, length: number): Uint8Array {
		const room = this.#of(state, ROOM);
		const bytes = this.#view(room);
		const at = position % room;
		const first = Math.min(length, room - at);
		const copy = new Uint8Array(length);
		copy.set(bytes.subarray(at, at + first));
		if (first < length) copy.set(bytes.subarray(0, length - first), first);
		return copy;
	}

	#ints(state: number, position: number): Int32Array {
		return new Int32Array(this.#slice(state, position, 8).buffer);
	}
}

function sizeOf(length: number): number {
	return HEADER_BYTES + Math.ceil(length / ALIGNMENT) * ALIGNMENT + FOOTER_BYTES;
}
