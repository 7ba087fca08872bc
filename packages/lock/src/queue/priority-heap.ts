import { type Item, NUMBER, nothing } from './item.js';
import { Journal } from './journal.js';
import { type Memory, MOST_LENGTH } from './memory.js';
import { ALIGNMENT, aligned, COUNT, NUMBER_BYTES, OWN, PAIR_BYTES, type Records } from './records.js';

// The memory is two halves of ROOM bytes: one holds records from its start on, and from its end down the heap, whose
// entries say where in the half a record begins.
const BASE = OWN; // where the half that is used begins: 0 or ROOM
const ROOM = OWN + 1;
const END = OWN + 2; // where the next record goes, from BASE on
const LIVE = OWN + 3; // bytes of records that wait
const PENDING = OWN + 4; // writes of the journal that are to be done yet

const FIRST_ROOM = 1 << 15;
const MOST_ROOM = MOST_LENGTH / 2;
const ENTRY_BYTES = 4;

/** A record: length and kind, the priority, the bytes. */
const PRIORITY_BYTES = 8;
const HEADER_BYTES = PAIR_BYTES + PRIORITY_BYTES;

/** More entries than a half has room for: a record and its entry are sorted as one number. */
const MOST_ENTRIES = 2 ** 26;

/**
 * Records of which the lowest priority is taken first, and of equals the one that came first: a record goes behind all
 * others, so of two the one that came first is further in front.
 *
 * An item moves entries on a way through the heap. These writes go into a journal, which is done after the state holds.
 */
export class PriorityHeap implements Records {
	readonly #words: Int32Array;
	readonly #memory: Memory;
	readonly #journal: Journal;

	constructor(words: Int32Array, memory: Memory, journal: Int32Array) {
		this.#words = words;
		this.#memory = memory;
		this.#journal = new Journal(journal);
	}

	start(state: number): void {
		Atomics.store(this.#words, state + ROOM, FIRST_ROOM);
	}

	enter(state: number): void {
		this.#memory.reach(this.#of(state, BASE) + this.#of(state, ROOM));
	}

	add(state: number, item: Item): boolean {
		const { kind, bytes, number, priority } = item;
		const length = kind === NUMBER ? NUMBER_BYTES : bytes.length;
		const size = sizeOf(length);
		if (!this.#makeRoom(state, size)) return false;
		const record = this.#of(state, END);
		const at = this.#of(state, BASE) + record;
		this.#memory.ints[at >> 2] = length;
		this.#memory.ints[(at >> 2) + 1] = kind;
		this.#memory.floats[(at + PAIR_BYTES) >> 3] = priority;
		if (kind === NUMBER) this.#memory.floats[(at + HEADER_BYTES) >> 3] = number;
		else this.#memory.bytes.set(bytes, at + HEADER_BYTES);
		this.#words[state + END] = record + size;
		this.#words[state + LIVE] = this.#of(state, LIVE) + size;
		this.#rise(state, record);
		return true;
	}

	/** Behind those of its own priority. */
	putBack(state: number, item: Item): boolean {
		return this.add(state, item);
	}

	take(state: number, accept: (item: Item) => true): Item {
		const record = this.#entry(state, 0);
		const at = this.#of(state, BASE) + record;
		const length = this.#memory.ints[at >> 2] as number;
		const kind = this.#memory.ints[(at >> 2) + 1] as number;
		const from = at + HEADER_BYTES;
		const item = {
			kind,
			bytes: kind === NUMBER ? nothing : new Uint8Array(this.#memory.bytes.subarray(from, from + length)),
			number: kind === NUMBER ? (this.#memory.floats[from >> 3] as number) : 0,
			priority: this.#priority(state, record),
		};
		accept(item);
		this.#words[state + LIVE] = this.#of(state, LIVE) - sizeOf(length);
		const last = this.#of(state, COUNT) - 1;
		if (last === 0) this.#words[state + END] = 0;
		else this.#sink(state, this.#entry(state, last), last);
		return item;
	}

	clear(state: number): void {
		this.#words[state + END] = 0;
		this.#words[state + LIVE] = 0;
	}

	settle(state: number): void {
		const pending = this.#of(state, PENDING);
		if (pending === 0) return;
		this.#journal.apply(this.#memory.ints, pending);
		Atomics.store(this.#words, state + PENDING, 0);
	}

	#of(state: number, word: number): number {
		return this.#words[state + word] as number;
	}

	/** Puts a new record where it belongs: those above it that come later go down by one. */
	#rise(state: number, record: number): void {
		let at = this.#of(state, COUNT);
		let writes = 0;
		while (at > 0) {
			const above = (at - 1) >> 1;
			const other = this.#entry(state, above);
			if (!this.#isBefore(state, record, other)) break;
			this.#journal.note(writes++, this.#place(state, at), other);
			at = above;
		}
		this.#journal.note(writes++, this.#place(state, at), record);
		this.#words[state + PENDING] = writes;
	}

	/** Puts the last record, which has no place any more, where the first was: those below that come sooner go up by one. */
	#sink(state: number, record: number, count: number): void {
		let at = 0;
		let writes = 0;
		for (;;) {
			let below = 2 * at + 1;
			if (below >= count) break;
			let other = this.#entry(state, below);
			if (below + 1 < count) {
				const right = this.#entry(state, below + 1);
				if (this.#isBefore(state, right, other)) {
					other = right;
					below++;
				}
			}
			if (!this.#isBefore(state, other, record)) break;
			this.#journal.note(writes++, this.#place(state, at), other);
			at = below;
		}
		this.#journal.note(writes++, this.#place(state, at), record);
		this.#words[state + PENDING] = writes;
	}

	#isBefore(state: number, one: number, other: number): boolean {
		const first = this.#priority(state, one);
		const second = this.#priority(state, other);
		return first < second || (first === second && one < other);
	}

	#priority(state: number, record: number): number {
		return this.#memory.floats[(this.#of(state, BASE) + record + PAIR_BYTES) >> 3] as number;
	}

	/** Which of the memory's integers an entry is. */
	#place(state: number, entry: number): number {
		return ((this.#of(state, BASE) + this.#of(state, ROOM)) >> 2) - 1 - entry;
	}

	#entry(state: number, entry: number): number {
		return this.#memory.ints[this.#place(state, entry)] as number;
	}

	/** Moves what waits together, to the other half or to a longer one, when the half is full; false when it would become too long. */
	#makeRoom(state: number, size: number): boolean {
		const entries = ENTRY_BYTES * (this.#of(state, COUNT) + 1);
		const old = this.#of(state, ROOM);
		if (this.#of(state, END) + size + entries <= old) return true;
		// A fourth stays free, or it would soon have to move again.
		const wanted = ((this.#of(state, LIVE) + size + entries) * 4) / 3;
		let room = old;
		while (room < wanted) room *= 2;
		if (room > MOST_ROOM) return false;
		this.#move(state, room === old && this.#of(state, BASE) > 0 ? 0 : room, room);
		return true;
	}

	/** A half from `base` on has nothing of the one that is used now. */
	#move(state: number, base: number, room: number): void {
		const count = this.#of(state, COUNT);
		const order = new Float64Array(count);
		for (let entry = 0; entry < count; entry++) {
			order[entry] = (this.#entry(state, entry) / ALIGNMENT) * MOST_ENTRIES + entry;
		}
		order.sort();
		const from = this.#of(state, BASE);
		this.#memory.reach(base + room);
		const { bytes, ints } = this.#memory;
		this.#words[state + BASE] = base;
		this.#words[state + ROOM] = room;
		let end = 0;
		for (const pair of order) {
			const at = from + Math.floor(pair / MOST_ENTRIES) * ALIGNMENT;
			const size = sizeOf(ints[at >> 2] as number);
			bytes.copyWithin(base + end, at, at + size);
			ints[this.#place(state, pair % MOST_ENTRIES)] = end;
			end += size;
		}
		this.#words[state + END] = end;
	}
}

function sizeOf(length: number): number {
	return HEADER_BYTES + aligned(length);
}
