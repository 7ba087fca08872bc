import {
	checkObject,
	exportToProcesses,
	type FarHandle,
	type Medium,
	Registry,
	type ThreadId,
} from '@conc/core';
import { EXCLUSIVE, type Mode, TABLE_WORDS } from './wait/slots.js';
import { Waiters } from './wait/waiters.js';

// Every primitive's memory: its own words, then the table of waiters. README.md says what the words mean.

/** Words for the primitive itself: a cache line, so that sleepers do not slow down those who run. */
const OWN_WORDS = 16;

/** Bytes one primitive takes. A multiple of 8, so that one can follow the other. */
export const PRIMITIVE_BYTES = 4 * (OWN_WORDS + TABLE_WORDS);

/** Where a primitive lives: this crosses to another thread. */
export interface Place {
	readonly memory: SharedArrayBuffer;
	/** In bytes. */
	readonly offset: number;
	/** The memory of the registry that its thread ids belong to. */
	readonly registry: SharedArrayBuffer;
	readonly name: string | undefined;
	/** What grows, where there is such a thing. */
	readonly ring?: SharedArrayBuffer;
}

/** Who acts through an object of this thread. Passed on from here, as one may act for a caller elsewhere. */
export function callerAt({ registry }: Place): ThreadId {
	return Registry.of(registry).caller();
}

/** The line of those who wait for a primitive, for one who joins it as `caller` in this mode. */
export function waitersAt(place: Place, caller: ThreadId, mode: Mode = EXCLUSIVE): Waiters {
	const registry = Registry.of(place.registry);
	return new Waiters(place.memory, place.offset + 4 * OWN_WORDS, registry, caller, mode);
}

/** The primitive's own words. */
export function ownWords({ memory, offset }: Place): Int32Array {
	return new Int32Array(memory, offset, OWN_WORDS);
}

const place = Symbol('place');

/** Options that put a primitive where it already is, in place of making a new one. */
export function placed(at: Place): NameOptions {
	return { [place]: at } as NameOptions;
}

export interface NameOptions {
	/** Shown in errors and by `inspect`. */
	readonly name?: string | undefined;
}

export function isPlaced(options: NameOptions): boolean {
	return place in options;
}

/** Where these options put a primitive: in new memory with room for what follows it, unless they come from `placed`. */
export function placeFor(options: NameOptions, moreBytes = 0, makeRing?: () => SharedArrayBuffer): Place {
	checkObject('options', options);
	const at = (options as { [place]?: Place })[place];
	if (at !== undefined) return at;
	const { name } = options;
	if (name !== undefined && typeof name !== 'string')
		throw new TypeError(`name must be a string, not ${typeof name}`);
	const memory = new SharedArrayBuffer(PRIMITIVE_BYTES + moreBytes);
	const made = { memory, offset: 0, registry: Registry.ours().memory, name };
	return makeRing === undefined ? made : { ...made, ring: makeRing() };
}

/** Where something is, and what other processes are told of it. */
export interface Located<T extends object> {
	readonly place: Place;
	readonly label: string;
	/** What crosses to another thread, which `Class` revives there. */
	readonly handle: T;
	/** What serves other processes: its own class, unless another does. */
	readonly Class: object;
	/** What never changes of it, for other processes. */
	readonly detail?: unknown;
}

/** What crosses: to another thread where it is, to another process how it is reached. */
export function handle<T extends object>(to: Medium, { place, ...rest }: Located<T>): T | FarHandle {
	return to === 'thread' ? rest.handle : exportToProcesses({ ...rest, memory: place.memory });
}

/** How a primitive is called in messages: `Lock "jobs"`. */
export function labelOf(kind: string, { name }: Place): string {
	return name === undefined ? kind : `${kind} ${JSON.stringify(name)}`;
}
