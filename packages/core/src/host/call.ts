import type { Transferable } from 'node:worker_threads';
import { packBaggage } from '../baggage.js';
import { placeOf } from '../capture/place.js';
import type { CallMode } from '../channel/protocol.js';
import { encode, noteMoved } from '../codec/encode.js';
import { identityOf } from '../codec/identity.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { kindOf } from '../kind.js';
import { realm } from '../realm.js';

/** A call ready to be sent to any host of its medium. It holds values as of the moment it was made. */
export interface Call {
	readonly mode: CallMode;
	/** The function, where nothing of it can change; then it is sent to each host once. */
	readonly constant: { readonly id: string; readonly payload: Payload } | null;
	readonly payload: Payload;
	/** For messages: `placeOf(fn)`. */
	readonly fn: Target;
	/** Where the call was made, to be shown under the stack of an error that comes back. */
	readonly site: { readonly stack?: string };
}

export interface CallOptions {
	/** ArrayBuffers and MessagePorts that move to a thread instead of being copied. */
	readonly transfer?: readonly Transferable[];
}

type Target = (...args: never[]) => unknown;

const constants = () =>
	realm('constant functions', () => ({
		thread: new WeakMap<object, Payload>(),
		process: new WeakMap<object, Payload>(),
		changing: new WeakSet<object>(),
	}));

/** A function ready to be sent, for many calls. */
export interface Prepared {
	readonly fn: Target;
	readonly id: string;
	readonly payload: Payload;
	/** Only for the calls of one `map`: what it captures may be another thing at the next. */
	readonly isTemporary: boolean;
}

/** Takes a function and its arguments as they are now. Throws a CaptureError where something cannot cross. */
export function makeCall(fn: Target, args: readonly unknown[], to: Medium, options: CallOptions = {}): Call {
	const site = callSite(makeCall);
	const baggage = packBaggage();
	const { transfer } = options;
	const rest = baggage.length > 0 ? { args, baggage } : args;
	const constant = constantOf(fn, to, transfer);
	if (constant !== null) {
		const payload = takeOver(encodeArguments(fn, rest, to, transfer));
		return { fn, mode: 'apply', constant, payload, site };
	}
	try {
		const payload = takeOver(encode({ fn, rest }, { to, subject: () => placeOf(fn), root: '', transfer }));
		return { fn, mode: 'apply', constant: null, payload, site };
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

/** Takes a function as it is now, for a `map`: it is encoded once, however many calls there will be. */
export function prepare(fn: Target, to: Medium): Prepared {
	const constant = constantOf(fn, to);
	if (constant !== null) return { fn, ...constant, isTemporary: false };
	const payload = encode(fn, { to, subject: () => placeOf(fn), root: '' });
	return {
		fn,
		id: `once:${realm('temporary functions', () => ({ next: 0 })).next++}`,
		payload,
		isTemporary: true,
	};
}

/** A call of a prepared function on each of `items`, as they are now. */
export function makeMapCall(
	prepared: Prepared,
	items: readonly unknown[],
	mode: 'map' | 'starmap',
	to: Medium,
): Call {
	const baggage = packBaggage();
	const payload = encodeArguments(prepared.fn, baggage.length > 0 ? { args: items, baggage } : items, to);
	return { fn: prepared.fn, mode, constant: prepared, payload, site: callSite(makeMapCall) };
}

function encodeArguments(
	fn: Target,
	content: unknown,
	to: Medium,
	transfer?: CallOptions['transfer'],
): Payload {
	return encode(content, { to, subject: () => `the arguments of ${placeOf(fn)}`, root: 'args', transfer });
}

function callSite(below: (...args: never[]) => unknown): { stack?: string } {
	const site: { stack?: string } = {};
	Error.captureStackTrace(site, below);
	return site;
}

/** The function by itself, where it is constant. Once found to be none, it is not tried again. */
function constantOf(fn: Target, to: Medium, transfer?: CallOptions['transfer']): Call['constant'] {
	if (typeof fn !== 'function') throw new TypeError(`fn must be a function, not ${kindOf(fn)}`);
	const { [to]: known, changing } = constants();
	const found = known.get(fn);
	if (found !== undefined) return { id: identityOf(fn), payload: found };
	if (changing.has(fn)) return null;
	// What it captures may be in the transfer list; a constant function captures nothing that moves.
	const payload = { ...encode(fn, { to, subject: () => placeOf(fn), root: '', transfer }), moved: [] };
	if (payload.constant) known.set(fn, payload);
	else changing.add(fn);
	return payload.constant ? { id: identityOf(fn), payload } : null;
}
