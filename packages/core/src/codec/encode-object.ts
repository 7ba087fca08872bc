import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import { builtinPath } from '../capture/builtin.js';
import { describe } from '../capture/describe.js';
import { CannotCross } from '../errors.js';
import { encodeError } from './encode-error.js';
import type { GraphContext } from './encode-function.js';
import type { Special } from './payload.js';
import { isLeaf } from './plain.js';
import { cannotCopy } from './serializer.js';
import { isShareable, share } from './shareable.js';

type Plain = Record<string, unknown>;

/** The copy of an object in which all that structured clone does not know is replaced, or the index of its special. */
export function replaceObject(context: GraphContext, value: object): object | number {
	if (isShareable(value)) return replaceShareable(context, value);
	if (types.isProxy(value)) throw new CannotCross('is a Proxy, whose handler cannot be seen', 'send the object behind it');
	const builtin = builtinPath(value);
	if (builtin !== undefined) return add(context, value, { type: 'builtin', ...builtin });
	context.constant = false;
	if (types.isNativeError(value) || value instanceof Error) return encodeError(context, value);
	const special = replaceKnown(context, value);
	if (special !== undefined) return add(context, value, special);
	const moved = context.moved.indexOf(value as MessagePort);
	if (value instanceof MessagePort) {
		if (moved !== -1) return add(context, value, { type: 'moved', index: moved });
		throw new CannotCross('is a MessagePort that is not in the transfer list', 'list it: { transfer: [port] }');
	}
	if (types.isSharedArrayBuffer(value) || (ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer))) {
		return sharedMemory(context, value);
	}
	if (isLeaf(value)) return keep(context, value);
	return replaceContainer(context, value);
}

function add(context: GraphContext, original: object, special: Special): number {
	const index = context.reserve(original);
	context.specials[index] = special;
	return index;
}

function keep(context: GraphContext, value: object): object {
	context.copied(value, value);
	return value;
}

function replaceShareable(context: GraphContext, value: object): number {
	const index = context.reserve(value);
	const handle: unknown[] = [];
	const Class = context.special(value.constructor);
	const needs = context.patchRange(() => {
		context.put(handle, 0, (value as { [share](to: string): unknown })[share](context.to));
	});
	context.specials[index] = { type: 'shareable', class: Class, handle, needs };
	return index;
}

function sharedMemory(context: GraphContext, value: object): object {
	if (context.to === 'thread') return keep(context, value);
	throw new CannotCross(
		'is memory shared between threads, which another process cannot see',
		'use a ThreadPool or Thread, or send a copy: buffer.slice(0)',
	);
}

/** Built-in classes with a form of their own. */
function replaceKnown(context: GraphContext, value: object): Special | undefined {
	if (Buffer.isBuffer(value)) return { type: 'buffer', bytes: Uint8Array.prototype.slice.call(value) };
	if (value instanceof URL) return { type: 'url', href: value.href };
	if (value instanceof URLSearchParams) return { type: 'search-params', text: value.toString() };
	if (value instanceof DOMException) {
		return { type: 'dom-exception', message: value.message, name: value.name, stack: String(value.stack) };
	}
	if (value instanceof AbortSignal) {
		const reason: unknown[] = [];
		const index = context.signals.push(value) - 1;
		if (value.aborted) context.put(reason, 0, value.reason);
		return { type: 'signal', index, aborted: value.aborted, reason };
	}
	return undefined;
}

function replaceContainer(context: GraphContext, value: object): object | number {
	const prototype: object | null = Object.getPrototypeOf(value);
	if (Array.isArray(value)) return withPrototype(context, value, prototype, Array.prototype, copyArray);
	if (types.isMap(value)) return replaceMap(context, value, prototype);
	if (types.isSet(value)) return replaceSet(context, value, prototype);
	if (types.isDate(value)) return withPrototype(context, value, prototype, Date.prototype, () => new Date(value));
	if (types.isRegExp(value)) return withPrototype(context, value, prototype, RegExp.prototype, () => new RegExp(value));
	if (isBoundToThread(value)) throw cannotCopy(value);
	return withPrototype(context, value, prototype, Object.prototype, copyProperties);
}

/** Copies what an object holds, and lets its class or prototype cross beside it where that is not the usual one. */
function withPrototype<T extends object>(
	context: GraphContext,
	value: T,
	prototype: object | null,
	usual: object,
	copy: (context: GraphContext, value: T, register: (copy: object) => void) => object,
): object | number {
	if (prototype === usual || isForeignTwin(prototype, usual)) {
		refuseSymbols(value);
		return copy(context, value, (made) => context.copied(value, made));
	}
	const index = context.reserve(value);
	const Class = classOf(value, prototype);
	if (Class === undefined) {
		const holder: unknown[] = [];
		if (prototype !== null) context.trail.into('[[Prototype]]', () => context.put(holder, 0, prototype));
		else holder[0] = null;
		context.specials[index] = { type: 'prototype', target: copy(context, value, () => {}), prototype: holder };
		return index;
	}
	refusePrivateState(Class);
	refuseSymbols(value);
	const special = context.trail.into('constructor', () => context.special(Class));
	context.specials[index] = { type: 'instance', target: undefined, class: special };
	const target = copy(context, value, () => {});
	context.specials[index] = { type: 'instance', target, class: special };
	return index;
}

function copyArray(context: GraphContext, array: unknown[], register: (copy: object) => void): unknown[] {
	const copy: unknown[] = new Array(array.length);
	register(copy);
	// Keys and not indexes: holes stay holes, and named properties go along.
	for (const key of Object.keys(array)) {
		const at = Number(key);
		const index = String(at) === key ? at : key;
		context.trail.into(index, () => context.put(copy, index, array[key as unknown as number]));
	}
	return copy;
}

function copyProperties(context: GraphContext, value: object, register: (copy: object) => void): Plain {
	const copy: Plain = {};
	register(copy);
	for (const key of Object.keys(value)) {
		context.trail.into(key, () => context.put(copy, key, (value as Plain)[key]));
	}
	return copy;
}

function replaceMap(context: GraphContext, map: Map<unknown, unknown>, prototype: object | null): number {
	const index = context.reserve(map);
	const Class = prototype === Map.prototype ? -1 : context.special(map.constructor);
	const entries: unknown[] = [];
	context.specials[index] = { type: 'map', entries, class: Class };
	for (const [key, value] of map) {
		const at = entries.push(undefined, undefined) - 2;
		context.trail.into(`key ${String(key)}`, () => context.put(entries, at, key));
		context.trail.into(String(key), () => context.put(entries, at + 1, value));
	}
	return index;
}

function replaceSet(context: GraphContext, set: Set<unknown>, prototype: object | null): number {
	const index = context.reserve(set);
	const Class = prototype === Set.prototype ? -1 : context.special(set.constructor);
	const items: unknown[] = [];
	context.specials[index] = { type: 'set', items, class: Class };
	for (const item of set) {
		const at = items.push(undefined) - 1;
		context.trail.into(at, () => context.put(items, at, item));
	}
	return index;
}

/** The class of an instance; undefined where its prototype is just another object, or null. */
function classOf(value: object, prototype: object | null): object | undefined {
	const constructor: unknown = prototype === null ? undefined : Reflect.get(prototype, 'constructor');
	if (typeof constructor !== 'function' || constructor.prototype !== prototype) return undefined;
	// A native class keeps its state where copying properties does not reach.
	if (builtinPath(constructor) !== undefined || describe(constructor).type === 'native') throw cannotCopy(value);
	return constructor;
}

/** `#private` members are neither visible nor settable from outside, so a copy would lack them. */
function refusePrivateState(Class: object): void {
	for (let at: unknown = Class; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
		if (builtinPath(at) !== undefined) {
			throw cannotCopy({ constructor: Class });
		}
		const description = describe(at);
		if (description.type === 'native') throw cannotCopy({ constructor: Class });
		if (description.type === 'bound' || !description.template.isPrivate) continue;
		throw new CannotCross(
			`is an instance of ${at.name}, whose #private members cannot be copied`,
			`send plain data and make the ${at.name} there`,
		);
	}
}

function refuseSymbols(value: object): void {
	for (const symbol of Object.getOwnPropertySymbols(value)) {
		if (!Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
		throw new CannotCross(
			`has a property named by ${String(symbol)}, which would be lost`,
			'name the property by a string, or make it non-enumerable',
		);
	}
}

/** `Object.prototype` of another realm, as in a `vm` context. */
function isForeignTwin(prototype: object | null, usual: object): boolean {
	if (prototype === null || usual !== Object.prototype) return false;
	return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function isBoundToThread(value: object): boolean {
	return (
		types.isPromise(value) ||
		types.isWeakMap(value) ||
		types.isWeakSet(value) ||
		types.isGeneratorObject(value) ||
		types.isExternal(value) ||
		types.isModuleNamespaceObject(value) ||
		value instanceof WeakRef ||
		types.isMapIterator(value) ||
		types.isSetIterator(value)
	);
}
