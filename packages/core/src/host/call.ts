import type { Transferable } from 'node:worker_threads';
import { packBaggage } from '../baggage.js';
import { placeOf } from '../capture/place.js';
import { encode } from '../codec/encode.js';
import { identityOf } from '../codec/identity.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { realm } from '../realm.js';

/** A call ready to be sent to any host of its medium. It holds values as of the moment it was made. */
export interface Call {
	/** The function, where nothing of it can change; then it is sent to each host once. */
	readonly constant: { readonly id: string; readonly payload: Payload } | null;
	readonly payload: Payload;
	/** Names the function in messages. */
	readonly subject: string;
	/** Where the call was made, to be shown under the stack of an error that comes back. */
	readonly site: { readonly stack?: string };
}

export interface CallOptions {
	/** ArrayBuffers and MessagePorts that move to a thread instead of being copied. */
	readonly transfer?: readonly Transferable[];
}

type Target = (...args: never[]) => unknown;

const constants = () =>
	realm('constant functions', () => ({ thread: new WeakMap<object, Payload>(), process: new WeakMap<object, Payload>() }));

/** Takes a function and its arguments as they are now. Throws a CaptureError where something cannot cross. */
export function makeCall(fn: Target, args: readonly unknown[], to: Medium, options: CallOptions = {}): Call {
	const site: { stack?: string } = {};
	Error.captureStackTrace(site, makeCall);
	const subject = placeOf(fn);
	const baggage = packBaggage();
	const { transfer } = options;
	const constant = constantOf(fn, to, subject);
	const argumentsOf = { to, subject: `the arguments of ${subject}`, root: 'args', transfer };
	if (constant !== null) {
		const payload = encode(baggage.length > 0 ? { args, baggage } : args, argumentsOf);
		return { constant, payload, subject, site };
	}
	const rest = baggage.length > 0 ? { args, baggage } : args;
	// The function first, by itself, so that a refusal names what it uses and not a place in a list.
	const payload = encode({ fn, rest }, { to, subject, root: '', transfer });
	return { constant: null, payload, subject, site };
}

function constantOf(fn: Target, to: Medium, subject: string): Call['constant'] {
	const known = constants()[to].get(fn);
	if (known !== undefined) return { id: identityOf(fn), payload: known };
	const payload = encode(fn, { to, subject, root: '' });
	if (!payload.constant) return null;
	constants()[to].set(fn, payload);
	return { id: identityOf(fn), payload };
}
