import type { Registry, ThreadId } from '@conc/core';
import { Guard } from './guard.js';
import { type Item, NUMBER } from './item.js';

const GUARD = 0;
const CURRENT = 1; // which of the two states holds: 0 or 1
const STATES = 16; // where the first state begins
const STATE_WORDS = 16;

/** Words the store takes beside the memory of its items. */
export const STORE_WORDS = STATES + 2 * STATE_WORDS;

// The words of a state.
const HEAD = 0; // where the oldest record begins
const USED = 1; // bytes from there on that hold records
const ROOM = 2; // the length of the ring in bytes, a power of two
const COUNT = 3; // records
const UNFINISHED = 4; // items put for which no `taskDone` came
const SHUT = 5; // OPEN or NO_PUTS
const USED_WORDS = 6;

const OPEN = 0;
const NO_PUTS = 1;

/** A record: two integers, length and kind; the bytes; and two more, to find its beginning from its end. */
const PAIR_BYTES = 8;
const NUMBER_BYTES = 8;
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
	#bytes: Uint8Array = nothing;
	#ints: Int32Array = new Int32Array(0);
	#floats: Float64Array = new Float64Array(0);

	/** Where the items go. */
	static memory(): SharedArrayBuffer {
		return new SharedArrayBuffer(FIRST_ROOM, { maxByteLength: MOST_ROOM });
	}

	constructor(words: Int32Array, memory: SharedArrayBuffer, registry: Registry, self: ThreadId) {
		this.#words = words;
		this.#memory = memory;
		this.#guard = new Guard(words, GUARD, registry, self);
		this.#look();
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

	/** Adds an item, if there are not `most` already and there is memory for it. */
	push(item: Item, most: number): 'added' | 'full' | 'shut' {
		return this.#guarded((state) => {
			const words = this.#words;
			const length = item.kind === NUMBER ? NUMBER_BYTES : item.bytes.length;
			const size = sizeOf(length);
			if (words[state + SHUT] !== OPEN) return 'shut';
			if (this.#of(state, COUNT) >= most || !this.#makeRoom(state, size)) return 'full';
			const at = this.#of(state, HEAD) + this.#of(state, USED);
			this.#writePair(state, at, length, item.kind);
			if (item.kind === NUMBER) this.#floats[this.#index(state, at + PAIR_BYTES) >> 3] = item.number;
			else this.#write(state, at + PAIR_BYTES, item.bytes);
			this.#writePair(state, at + size - PAIR_BYTES, size, 0);
			this.#add(state, USED, size);
			this.#add(state, COUNT, 1);
			this.#add(state, UNFINISHED, 1);
			this.#commit(state);
			return 'added';
		});
	}

	/** Takes an item away, null when there is none. What `accept` throws leaves it where it is. */
	take(end: End, accept: (item: Item) => true): Item | null {
		return this.#guarded((state) => {
			if (this.#of(state, COUNT) === 0) return null;
			const head = this.#of(state, HEAD);
			const tail = head + this.#of(state, USED);
			const at = end === 'oldest' ? head : tail - this.#int(state, tail - PAIR_BYTES);
			const length = this.#int(state, at);
			const kind = this.#int(state, at + 4);
			const from = at + PAIR_BYTES;
			const item =
				kind === NUMBER
					? { kind, bytes: nothing, number: this.#floats[this.#index(state, from) >> 3] as number }
					: { kind, bytes: this.#slice(state, from, length), number: 0 };
			accept(item);
			const size = sizeOf(length);
			if (end === 'oldest') this.#words[state + HEAD] = this.#index(state, head + size);
			this.#add(state, USED, -size);
			this.#add(state, COUNT, -1);
			this.#commit(state);
			return item;
		});
	}

	/** One item less is unfinished; how many are then, -1 when none was. */
	finish(): number {
		return this.#guarded((state) => {
			const left = this.#of(state, UNFINISHED) - 1;
			if (left < 0) return -1;
			this.#words[state + UNFINISHED] = left;
			this.#commit(state);
			return left;
		});
	}

	/** Takes no more items; with `immediate` those that wait are dropped, and count as finished. */
	shut(immediate: boolean): void {
		this.#guarded((state) => {
			this.#words[state + SHUT] = NO_PUTS;
			if (immediate) {
				this.#add(state, UNFINISHED, -Math.min(this.#of(state, COUNT), this.#of(state, UNFINISHED)));
				this.#words[state + USED] = 0;
				this.#words[state + COUNT] = 0;
			}
			this.#commit(state);
		});
	}

	#read(word: number): number {
		return Atomics.load(this.#words, STATES + Atomics.load(this.#words, CURRENT) * STATE_WORDS + word);
	}

	/** Runs `change` on a copy of the state that holds, while no other thread does. */
	#guarded<T>(change: (state: number) => T): T {
		this.#guard.enter();
		try {
			const words = this.#words;
			const from = STATES + Atomics.load(words, CURRENT) * STATE_WORDS;
			const to = from === STATES ? STATES + STATE_WORDS : STATES;
			for (let word = 0; word < USED_WORDS; word++) words[to + word] = words[from + word] as number;
			if (this.#bytes.length < (words[to + ROOM] as number)) this.#look();
			return change(to);
		} finally {
			this.#guard.leave();
		}
	}

	/** Makes it the state that holds. */
	#commit(state: number): void {
		Atomics.store(this.#words, CURRENT, state === STATES ? 0 : 1);
	}

	#of(state: number, word: number): number {
		return this.#words[state + word] as number;
	}

	#add(state: number, word: number, value: number): void {
		this.#words[state + word] = this.#of(state, word) + value;
	}

	/** Doubles the ring until so many bytes more fit in; false when it would become too large. */
	#makeRoom(state: number, size: number): boolean {
		const used = this.#of(state, USED);
		for (let room = this.#of(state, ROOM); room - used < size; room *= 2) {
			if (room * 2 > MOST_ROOM) return false;
			if (this.#memory.byteLength < room * 2) this.#memory.grow(room * 2);
			this.#look();
			// What went on at the start goes on behind the old end, where nothing has been yet.
			const over = this.#of(state, HEAD) + used - room;
			if (over > 0) this.#bytes.copyWithin(room, 0, over);
			this.#words[state + ROOM] = room * 2;
		}
		return true;
	}

	/** Views of all the memory there is now: those of a fixed length are the fast ones. */
	#look(): void {
		const { byteLength } = this.#memory;
		this.#bytes = new Uint8Array(this.#memory, 0, byteLength);
		this.#ints = new Int32Array(this.#memory, 0, byteLength / 4);
		this.#floats = new Float64Array(this.#memory, 0, byteLength / 8);
	}

	/** Where in the ring a position is. */
	#index(state: number, position: number): number {
		return position & (this.#of(state, ROOM) - 1);
	}

	#int(state: number, position: number): number {
		return this.#ints[this.#index(state, position) >> 2] as number;
	}

	#writePair(state: number, position: number, first: number, second: number): void {
		const at = this.#index(state, position) >> 2;
		this.#ints[at] = first;
		this.#ints[at + 1] = second;
	}

	#write(state: number, position: number, source: Uint8Array): void {
		const at = this.#index(state, position);
		const first = Math.min(source.length, this.#of(state, ROOM) - at);
		this.#bytes.set(first === source.length ? source : source.subarray(0, first), at);
		if (first < source.length) this.#bytes.set(source.subarray(first), 0);
	}

	/** A copy, outside of shared memory. */
	#slice(state: number, position: number, length: number): Uint8Array {
		const at = this.#index(state, position);
		const first = Math.min(length, this.#of(state, ROOM) - at);
		const copy = new Uint8Array(length);
		copy.set(this.#bytes.subarray(at, at + first));
		if (first < length) copy.set(this.#bytes.subarray(0, length - first), first);
		return copy;
	}
}

const nothing = new Uint8Array(0);

function sizeOf(length: number): number {
	return 2 * PAIR_BYTES + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
