import { setTimeout } from 'node:timers/promises';
import { type Shareable, share } from '@conc/core';
import type { RWLock } from '@conc/lock';

// As src/README.md, "Memory", describes it.
const FIRST_SLOT = 16 + 8;
const SLOT_WORDS = 8;
const SLOTS = 64;
const TABLE_BYTES = 4 * (FIRST_SLOT + SLOTS * SLOT_WORDS);
const STATE = 0;
const OWNER = 1;
const GRANTED = 2;

// A reader's words in the table of an RWLock.
const PRESENT = 0;
const COUNT = 1;
const READER_WORDS = 2;

interface Place {
	readonly memory: SharedArrayBuffer;
	readonly offset: number;
}

function slots(primitive: Shareable, table = 0): { state: number; owner: number }[] {
	const handle = primitive[share]('thread') as Place | { readonly place: Place };
	const { memory, offset } = 'place' in handle ? handle.place : handle;
	const words = new Int32Array(memory, offset + table * TABLE_BYTES);
	return Array.from({ length: SLOTS }, (_, slot) => {
		const at = FIRST_SLOT + slot * SLOT_WORDS;
		return { state: Atomics.load(words, at + STATE), owner: Atomics.load(words, at + OWNER) };
	});
}

/** How many slots of the table are in use; of which table, where several follow one another. */
export function waitersOf(primitive: Shareable, table = 0): number {
	return slots(primitive, table).filter(({ state, owner }) => state !== 0 || owner !== 0).length;
}

/** The state of each of the first slots, 0 when nobody has it. */
export function stateWords(primitive: Shareable, count: number, table = 0): Int32Array[] {
	const { memory, offset } = primitive[share]('thread') as Place;
	const at = offset + table * TABLE_BYTES;
	return Array.from(
		{ length: count },
		(_, slot) => new Int32Array(memory, at + 4 * (FIRST_SLOT + slot * SLOT_WORDS + STATE), 1),
	);
}

/** How many were told that it is their turn, and have not noticed yet. */
export function toldOf(primitive: Shareable): number {
	return slots(primitive).filter(({ state }) => state === GRANTED).length;
}

/** How many tasks of all threads read. */
export function readingsOf(lock: RWLock): number {
	const { memory, offset } = lock[share]('thread') as { memory: SharedArrayBuffer; offset: number };
	const words = new Int32Array(memory, offset + TABLE_BYTES);
	let readings = 0;
	for (let at = 0; at < words.length; at += READER_WORDS)
		if (Atomics.load(words, at + PRESENT) !== 0) readings += Atomics.load(words, at + COUNT);
	return readings;
}

/** Resolves when so many wait; in which table, where several follow one another. */
export async function untilWaiting(primitive: Shareable, count: number, table = 0): Promise<void> {
	const waiting = () => slots(primitive, table).filter(({ state }) => state !== 0).length;
	while (waiting() !== count) await setTimeout(1);
}

/** Resolves when the one who has the first slot, or another, has looked, and sleeps. It looks once more. */
export async function untilAsleep(primitive: Shareable, table = 0, slot = 0): Promise<void> {
	const state = stateWords(primitive, slot + 1, table)[slot] as Int32Array;
	while (Atomics.notify(state, 0) === 0) await setTimeout(1);
}

/** Resolves when a writer waits for the readers to leave, and lets nobody in. */
export async function untilClosed(lock: RWLock): Promise<void> {
	while (lock.read.tryAcquire()) {
		lock.read.release();
		await setTimeout(1);
	}
}
