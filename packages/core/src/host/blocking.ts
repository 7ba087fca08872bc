import { writeUnsent } from '../channel/outlet.js';
import { realm } from '../realm.js';
import { living } from './host.js';

/** How soon a thread that blocks sees to what did not leave: where the other end reads, and where it does not yet. */
const SOON_MS = 1;
const LATER_MS = 5;

/** @param standAside to be called before code of the user's runs, which may want what this thread is in line for */
type Prepare = (standAside: () => void) => void;

const blockings = () => realm('before blocking', () => new Set<Prepare>());

/** Calls `prepare` whenever this thread is about to block, until what it returns is called. */
export function beforeBlocking(prepare: Prepare): () => void {
	blockings().add(prepare);
	return () => blockings().delete(prepare);
}

/**
 * Sends what this thread has to say to anybody, as far as that goes without waiting, for one that is about to block: what
 * it waits for may depend on it. Gives for how long it may sleep until this is to be called again. `standAside` is called
 * before code of the user's runs, if any does: it has to leave the line, since nobody takes its turn meanwhile.
 */
export function sendAll(standAside: () => void = () => {}): number {
	for (const prepare of blockings()) prepare(standAside);
	for (const host of living()) host.send();
	const { left, written } = writeUnsent();
	if (left === 0) return Number.POSITIVE_INFINITY;
	return written ? SOON_MS : LATER_MS;
}

/** The same for as long as somebody reads, for one that blocks where it cannot choose how long. */
export function sendWhileRead(): void {
	const sleeper = new Int32Array(new SharedArrayBuffer(4));
	while (sendAll() === SOON_MS) Atomics.wait(sleeper, 0, 0, SOON_MS);
}
