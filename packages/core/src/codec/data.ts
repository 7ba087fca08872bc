import { decodeGraph, type Resolve } from './decode.js';
import { encode, type Refer } from './encode.js';
import { errorClasses } from './encode-error.js';
import type { Graph, Patch, Special } from './payload.js';
import { GraphDeserializer } from './serializer.js';

/**
 * A value as bytes for a peer that may be any program: all that is data. Throws a CaptureError with the path to the
 * first function, class or shared object in it.
 *
 * @param refer gives what stands for an object that the peer knows under a name
 */
export function encodeData(value: unknown, subject: string, root: string, refer?: Refer): Uint8Array {
	return encode(value, { to: 'process', subject, root, dataOnly: true, refer }).bytes;
}

/**
 * The value of bytes from such a peer, which may hold anything. Throws for what is no value, and for what would be more
 * than data; then nothing of it was made.
 *
 * @param resolve gives the object of what stands for it, which may be anything; without it there are none
 */
export function decodeData(bytes: Uint8Array, resolve?: Resolve): unknown {
	const deserializer = new GraphDeserializer(bytes, []);
	const hasSpecials: unknown = deserializer.readValue();
	const value: unknown = deserializer.readValue();
	if (typeof hasSpecials !== 'boolean') throw new TypeError('bytes that are no value');
	return hasSpecials ? decodeGraph(accepted(value), resolve) : value;
}

/** The plain object that arrived, its members not known yet. */
type Arrived = Readonly<Record<string, unknown>>;

/**
 * A graph of our own, of what is data in one that arrived. None of its lists and descriptions are the peer's, so that
 * no patch can change what was looked at.
 */
function accepted(arrived: unknown): Graph {
	const { root, specials, patches } = object(arrived);
	const known = list(specials).map((special) => acceptedSpecial(object(special)));
	// Classes are named only to say whose instance an error is.
	const isValue = known.map((special) => special.type !== 'builtin' || special.path.length === 2);
	for (const special of known) {
		if (special.type === 'error' && isValue[special.class] !== false)
			throw new TypeError('an error of no class');
	}
	const checked = list(patches).map((patch): Patch => {
		const [holder, key, special] = list(patch);
		if (isValue[special as number] !== true) throw new TypeError('a patch with no value');
		return [...acceptedPlace(holder, key), special as number];
	});
	return { root: list(root), specials: known, patches: checked, cells: [], units: [], constant: false };
}

/** Every place is there already, so that none makes a list longer than was looked at. */
function acceptedPlace(holder: unknown, key: unknown): [holder: object, key: string | number] {
	const isKey = typeof key === 'string' || typeof key === 'number';
	if (!isKey || !Object.hasOwn(object(holder), key) || (Array.isArray(holder) && key === 'length')) {
		throw new TypeError('a patch with no place');
	}
	return [object(holder), key];
}

/** Throws for what is not among the kinds of special that are data. */
function acceptedSpecial(arrived: Arrived): Special {
	switch (arrived.type) {
		case 'builtin':
			return { type: 'builtin', module: '', path: acceptedPath(arrived) };
		case 'prototype':
			return { type: 'prototype', target: object(arrived.target), prototype: list(arrived.prototype) };
		case 'map':
			return {
				type: 'map',
				entries: list(arrived.entries),
				own: object(arrived.own),
				class: noClass(arrived),
			};
		case 'set':
			return { type: 'set', items: list(arrived.items), own: object(arrived.own), class: noClass(arrived) };
		case 'error': {
			const keys = list(arrived.keys).map((pair): [string, boolean] => {
				const [name, enumerable] = list(pair);
				return [text(name), enumerable === true];
			});
			const stack = text(arrived.stack);
			return { type: 'error', class: arrived.class as number, stack, keys, values: list(arrived.values) };
		}
		case 'dom-exception': {
			const { message, name, stack } = arrived;
			return { type: 'dom-exception', message: text(message), name: text(name), stack: text(stack) };
		}
		case 'buffer':
			return { type: 'buffer', bytes: instance(arrived.bytes, Uint8Array) };
		case 'url':
			return { type: 'url', href: text(arrived.href) };
		case 'search-params':
			return { type: 'search-params', text: text(arrived.text) };
		case 'reference':
			return { type: 'reference', reference: arrived.reference };
		case 'symbol':
			return { type: 'symbol', key: text(arrived.key) };
		default:
			throw new TypeError(`${String(arrived.type).slice(0, 20)} is no kind of data`);
	}
}

/** Of all built-ins only the classes of errors and the well-known symbols. */
function acceptedPath({ module, path }: Arrived): string[] {
	const [first, second, ...more] = list(path).map(text);
	if (module === '' && first !== undefined && more.length === 0) {
		if (second === undefined && errorClasses.has(first)) return [first];
		const isSymbol = first === 'Symbol' && second !== undefined && Object.hasOwn(Symbol, second);
		if (isSymbol && typeof Reflect.get(Symbol, second) === 'symbol') return [first, second];
	}
	throw new TypeError('a built-in that is no data');
}

function noClass(arrived: Arrived): -1 {
	if (arrived.class !== -1) throw new TypeError('an instance of a class');
	return -1;
}

function text(value: unknown): string {
	if (typeof value !== 'string') throw new TypeError('something else in the place of a text');
	return value;
}

function object(value: unknown): Arrived {
	return instance(value, Object) as Arrived;
}

function instance<T extends object>(value: unknown, Class: abstract new (...args: never[]) => T): T {
	if (!(value instanceof Class)) throw new TypeError(`something else in the place of ${Class.name}`);
	return value;
}

/** A list that is as long as it says: one of a few bytes may say that it has four billion items. */
function list(value: unknown): unknown[] {
	if (!Array.isArray(value) || Object.keys(value).length < value.length) {
		throw new TypeError('something else in the place of a list');
	}
	return value;
}
