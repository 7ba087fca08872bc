import { type Item, NUMBER, nothing } from './item.js';
import { type Memory, MOST_LENGTH } from './memory.js';
import { aligned, COUNT, NUMBER_BYTES, OWN, PAIR_BYTES, type Records } from './records.js';

const HEAD = OWN; // where the oldest record begins
const USED = OWN + 1; // bytes from there on that hold records
const ROOM = OWN + 2; // the length of the ring in bytes, a power of two

const FIRST_ROOM = 1 << 16;

/** Records in the order they came: length and kind, the bytes, and the size once more, to find its beginning from its end. */
export class Ring implements Records {
	readonly #words: Int32Array;
	readonly #memory: Memory;
	readonly #takesOldest: boolean;

	constructor(words: Int32Array, memory: Memory, takesOldest: boolean) {
		this.#words = words;
		this.#memory = memory;
		this.#takesOldest = takesOldest;
	}

	start(state: number): void {
		Atomics.store(this.#words, state + ROOM, FIRST_ROOM);
	}

	enter(state: number): void {
		this.#memory.reach(this.#of(state, ROOM));
	}

	add(state: number, item: Item): boolean {
		return this.#insert(state, item, false);
	}

	putBack(state: number, item: Item): boolean {
		return this.#insert(state, item, this.#takesOldest);
	}

	/** Behind all others, or in front of them. */
	#insert(state: number, { kind, bytes, number }: Item, isFirst: boolean): boolean {
		const length = kind === NUMBER ? NUMBER_BYTES : bytes.length;
		const size = sizeOf(length);
		if (!this.#makeRoom(state, size)) return false;
		const head = this.#of(state, HEAD);
		const at = isFirst ? this.#index(state, head - size) : head + this.#of(state, USED);
		this.#writePair(state, at, length, kind);
		if (kind === NUMBER) this.#memory.floats[this.#index(state, at + PAIR_BYTES) >> 3] = number;
		else this.#write(state, at + PAIR_BYTES, bytes);
		this.#writePair(state, at + size - PAIR_BYTES, size, 0);
		if (isFirst) this.#words[state + HEAD] = at;
		this.#words[state + USED] = this.#of(state, USED) + size;
		return true;
	}

	take(state: number, accept: (item: Item) => true): Item {
		const head = this.#of(state, HEAD);
		const used = this.#of(state, USED);
		const at = this.#takesOldest ? head : head + used - this.#int(state, head + used - PAIR_BYTES);
		const length = this.#int(state, at);
		const kind = this.#int(state, at + 4);
		const from = at + PAIR_BYTES;
		const item =
			kind === NUMBER
				? {
						kind,
						bytes: nothing,
						number: this.#memory.floats[this.#index(state, from) >> 3] as number,
						priority: 0,
					}
				: { kind, bytes: this.#slice(state, from, length), number: 0, priority: 0 };
		accept(item);
		const size = sizeOf(length);
		// The last one leaves all of it: what comes next need not go round through memory that was used once.
		if (this.#of(state, COUNT) === 1) this.#words[state + HEAD] = 0;
		else if (this.#takesOldest) this.#words[state + HEAD] = this.#index(state, head + size);
		this.#words[state + USED] = used - size;
		return item;
	}

	clear(state: number): void {
		this.#words[state + USED] = 0;
	}

	settle(): void {}

	#of(state: number, word: number): number {
		return this.#words[state + word] as number;
	}

	/** Doubles the ring until so many bytes more fit in; false when it would become too large. */
	#makeRoom(state: number, size: number): boolean {
		const used = this.#of(state, USED);
		for (let room = this.#of(state, ROOM); room - used < size; room *= 2) {
			if (room * 2 > MOST_LENGTH) return false;
			this.#memory.reach(room * 2);
			// What went on at the start goes on behind the old end, where nothing has been yet.
			const over = this.#of(state, HEAD) + used - room;
			if (over > 0) this.#memory.bytes.copyWithin(room, 0, over);
			this.#words[state + ROOM] = room * 2;
		}
		return true;
	}

	/** Where in the ring a position is. */
	#index(state: number, position: number): number {
		return position & (this.#of(state, ROOM) - 1);
	}

	#int(state: number, position: number): number {
		return this.#memory.ints[this.#index(state, position) >> 2] as number;
	}

	#writePair(state: number, position: number, first: number, second: number): void {
		const at = this.#index(state, position) >> 2;
		this.#memory.ints[at] = first;
		this.#memory.ints[at + 1] = second;
	}

	#write(state: number, position: number, source: Uint8Array): void {
		const { bytes } = this.#memory;
		const at = this.#index(state, position);
		const first = Math.min(source.length, this.#of(state, ROOM) - at);
		bytes.set(first === source.length ? source : source.subarray(0, first), at);
		if (first < source.length) bytes.set(source.subarray(first), 0);
	}

	/** A copy, outside of shared memory. */
	#slice(state: number, position: number, length: number): Uint8Array {
		const { bytes } = this.#memory;
		const at = this.#index(state, position);
		const first = Math.min(length, this.#of(state, ROOM) - at);
		const copy = new Uint8Array(length);
		copy.set(bytes.subarray(at, at + first));
		if (first < length) copy.set(bytes.subarray(0, length - first), first);
		return copy;
	}
}

function sizeOf(length: number): number {
	return 2 * PAIR_BYTES + aligned(length);
}
