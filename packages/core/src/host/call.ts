import type { Transferable } from 'node:worker_threads';
import { placeOf } from '../capture/place.js';
import type { CallMode } from '../channel/protocol.js';
import { encode, noteMoved } from '../codec/encode.js';
import { identityOf } from '../codec/identity.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { fromSmall, type Small, smallList } from '../codec/small.js';
import { kindOf } from '../kind.js';
import { realm } from '../realm.js';
import { type Carried, carriedNow } from './carried.js';

/** A call ready to be sent to any host of its medium. It holds values as of the moment it was made. */
export interface Call {
	readonly mode: CallMode;
	/** What the caller calls it, if anything. */
	readonly name?: string | undefined;
	/** The function, where nothing of it can change; then it is sent to each host once. */
	readonly constant: Constant | null;
	/** What is sent with every call; of a constant function that may be arguments which need no codec. */
	readonly content: Payload | readonly Small[];
	/** What travels along. */
	readonly carried: Carried | null;
	/** For messages: `placeOf(fn)`. */
	readonly fn: Target;
	/** Of calls like this one; null where no two are alike. */
	readonly pace: Pace | null;
	/** Where the call was made, to be shown under the stack of an error that comes back. */
	readonly site: { readonly stack?: string };
}

export interface CallOptions {
	/** ArrayBuffers and MessagePorts that move to a thread instead of being copied. */
	readonly transfer?: readonly Transferable[] | undefined;
	readonly name?: string | undefined;
	/** `stream` for a generator. */
	readonly mode?: 'apply' | 'stream';
	/** Nothing travels along: it is not made on behalf of the code that happens to run. */
	readonly travelsAlone?: boolean;
}

type Target = (...args: never[]) => unknown;

/** A function that never changes. */
interface Constant {
	readonly id: string;
	readonly payload: Payload;
	/** Only for the calls of one `map`: what it captures may be another thing at the next. */
	readonly isTemporary: boolean;
	readonly pace: Pace;
}

/** About how many microseconds a call took at most, lately; infinite before the first is over. */
interface Pace {
	microseconds: number;
}

/** How fast a long call is forgotten, after which the same function is expected to be short again. */
const PACE_DECAY = 7 / 8;

/** The pace after a call of so many microseconds, where it was `before` until then. */
export function paceAfter(before: number, microseconds: number): number {
	return Number.isFinite(before) ? Math.max(microseconds, before * PACE_DECAY) : microseconds;
}

const unknownPace = (): Pace => ({ microseconds: Number.POSITIVE_INFINITY });

const constants = () =>
	realm('constant functions', () => ({
		thread: new WeakMap<object, Constant>(),
		process: new WeakMap<object, Constant>(),
		changing: new WeakSet<object>(),
	}));

/** A function ready to be sent, for the calls of one `map`. */
export interface Prepared {
	readonly fn: Target;
	readonly constant: Constant;
	readonly carried: Carried | null;
	readonly pace: Pace;
}

/** Takes a function and its arguments as they are now. Throws a CaptureError where something cannot cross. */
export function makeCall(fn: Target, args: readonly unknown[], to: Medium, options: CallOptions = {}): Call {
	const site = callSite(makeCall);
	const { transfer, name, mode = 'apply', travelsAlone = false } = options;
	const constant = constantOf(fn, to, transfer);
	const carried = travelsAlone ? null : carriedNow(to, () => placeOf(fn));
	if (constant !== null) {
		const small = transfer === undefined && mode === 'apply' ? smallList(args) : null;
		const content = small ?? takeOver(encodeArguments(fn, args, to, transfer));
		// How long a stream takes its consumer decides.
		const pace = mode === 'stream' ? null : constant.pace;
		return { fn, mode, name, constant, content, carried, pace, site };
	}
	try {
		const content = takeOver(encode({ fn, args }, { to, subject: () => placeOf(fn), root: '', transfer }));
		return { fn, mode, name, constant: null, content, carried, pace: null, site };
	} catch (error) {
		// Each by itself, so that the message names what the function uses, or which argument it is.
		encode(fn, { to, subject: () => placeOf(fn), root: '', transfer });
		encodeArguments(fn, args, to, transfer);
		throw error;
	}
}

/** What is moved belongs to the call from now on: nobody can change it while the call waits for its turn. */
function takeOver(payload: Payload): Payload {
	const { moved } = payload;
	if (moved.length === 0) return payload;
	try {
		const own = structuredClone(moved, { transfer: moved as ArrayBuffer[] });
		noteMoved(payload);
		return { ...payload, moved: own };
	} catch (cause) {
		throw new TypeError('transfer: an entry of the list was moved before', { cause });
	}
}

/** Takes a function as it is now, and what travels along, for a `map`: once, however many calls there will be. */
export function prepare(fn: Target, to: Medium): Prepared {
	const constant = constantOf(fn, to) ?? temporary(fn, to);
	return { fn, constant, carried: carriedNow(to, () => placeOf(fn)), pace: unknownPace() };
}

function temporary(fn: Target, to: Medium): Constant {
	const payload = encode(fn, { to, subject: () => placeOf(fn), root: '' });
	const number = realm('temporary functions', () => ({ next: 0 })).next++;
	return { id: `once:${number}`, payload, isTemporary: true, pace: unknownPace() };
}

/** A call of a prepared function on each of `items`, as they are now. */
export function makeMapCall(
	{ fn, constant, carried, pace }: Prepared,
	items: readonly unknown[],
	mode: 'map' | 'starmap',
	to: Medium,
	site: Call['site'],
): Call {
	const content = encodeArguments(fn, items, to);
	return { fn, mode, constant, content, carried, pace, site };
}

/** Whether the arguments need no codec. */
export function isSmallContent(content: Call['content']): content is readonly Small[] {
	return Array.isArray(content);
}

/** Whether buffers or ports go to the host with it, and are gone with that. */
export function movesSomething({ content }: Call): boolean {
	return !isSmallContent(content) && content.moved.length > 0;
}

/** The values of a call as bytes, where there was no room for them as they are. */
export function encodeSmall({ fn }: Call, values: readonly Small[], to: Medium): Payload {
	return encodeArguments(fn, values.map(fromSmall), to);
}

function encodeArguments(
	fn: Target,
	content: unknown,
	to: Medium,
	transfer?: CallOptions['transfer'],
): Payload {
	return encode(content, { to, subject: () => `the arguments of ${placeOf(fn)}`, root: 'args', transfer });
}

/** To look where a call is made takes longer than to make it, so in a burst only the first show it. */
const SITES_A_BURST = 10;
const BURST_MS = 2;
const nowhere = {};

/** Where the user's call is: what lies below `entry` on the stack; nothing when too many calls are made at once. */
export function callSite(entry: (...args: never[]) => unknown): { readonly stack?: string } {
	const burst = realm('call sites', () => ({ left: 0, until: 0 }));
	if (burst.left === 0) {
		const now = performance.now();
		if (now < burst.until) return nowhere;
		burst.left = SITES_A_BURST;
		burst.until = now + BURST_MS;
	}
	burst.left--;
	const site: { stack?: string } = {};
	Error.captureStackTrace(site, entry);
	return site;
}

/** The function by itself, where it is constant. Once found to be none, it is not tried again. */
function constantOf(fn: Target, to: Medium, transfer?: CallOptions['transfer']): Constant | null {
	if (typeof fn !== 'function') throw new TypeError(`fn must be a function, not ${kindOf(fn)}`);
	const { [to]: known, changing } = constants();
	const found = known.get(fn);
	if (found !== undefined) return found;
	if (changing.has(fn)) return null;
	// What it captures may be in the transfer list; a constant function captures nothing that moves.
	const payload = { ...encode(fn, { to, subject: () => placeOf(fn), root: '', transfer }), moved: [] };
	if (!payload.constant) {
		changing.add(fn);
		return null;
	}
	const constant = { id: identityOf(fn), payload, isTemporary: false, pace: unknownPace() };
	known.set(fn, constant);
	return constant;
}
