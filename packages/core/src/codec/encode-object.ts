import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import { brandsOf } from '../brand.js';
import { builtinPath } from '../capture/builtin.js';
import { describe } from '../capture/describe.js';
import { CannotCross } from '../errors.js';
import { inheritedCount } from '../host/inherit.js';
import type { GraphContext } from './context.js';
import { encodeError } from './encode-error.js';
import type { Special } from './payload.js';
import { isLeaf } from './plain.js';
import { cannotCopy, notData, refuseHiddenState, refuseLoss, refuseSymbols } from './refuse.js';
import { isShareable, type Shareable, share } from './shareable.js';

type Plain = Record<string, unknown>;

/** The copy of an object in which all that structured clone does not know is replaced, or the index of its special. */
export function replaceObject(context: GraphContext, value: object): object | number {
	const reference = context.refer?.(value);
	if (reference !== undefined) return add(context, value, { type: 'reference', reference });
	if (isShareable(value)) {
		if (context.dataOnly) throw notData(`a ${classNameOf(value)}, which both sides would share`);
		return replaceShareable(context, value);
	}
	if (types.isProxy(value))
		throw new CannotCross('is a Proxy, whose handler cannot be seen', 'send the object behind the Proxy');
	const builtin = builtinPath(value);
	if (builtin !== undefined && context.dataOnly) throw notData(`Node's own ${builtin.path.join('.')}`);
	if (builtin !== undefined) return add(context, value, { type: 'builtin', ...builtin });
	const owner = ownerOf(value);
	if (owner !== undefined) return classPrototype(context, value, owner);
	context.constant = false;
	if (isError(value)) return encodeError(context, value);
	if (isSharedMemory(value)) return sharedMemory(context, value);
	const special = replaceKnown(context, value);
	if (special !== undefined) return add(context, value, special);
	const moved = context.moved.indexOf(value as MessagePort);
	if (value instanceof MessagePort) {
		if (moved !== -1) return add(context, value, { type: 'moved', index: moved });
		throw new CannotCross(
			'is a MessagePort that is not in the transfer list',
			'list it: { transfer: [port] }',
		);
	}
	if (isLeaf(value)) {
		refuseLoss(value);
		return keep(context, value);
	}
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

function replaceShareable(context: GraphContext, value: Shareable): number {
	const index = context.reserve(value);
	context.shareables.push(value);
	const handle: unknown[] = [];
	// Not by its own members: a Local may have one of that name.
	const Class = context.special(Object.getPrototypeOf(value).constructor);
	const { constant } = context;
	const before = inheritedCount();
	const needs = context.patchRange(() => {
		context.put(handle, 0, value[share](context.to));
	});
	// A handle stands for the same thing at every call, but for a descriptor of one process.
	context.constant = constant && inheritedCount() === before;
	context.specials[index] = { type: 'shareable', class: Class, handle, needs };
	return index;
}

/** A DOMException keeps what it says where only its own getters find it. */
function isError(value: object): boolean {
	return (types.isNativeError(value) || value instanceof Error) && !(value instanceof DOMException);
}

function isSharedMemory(value: object): value is SharedArrayBuffer | ArrayBufferView {
	return types.isSharedArrayBuffer(ArrayBuffer.isView(value) ? value.buffer : value);
}

/** Memory of all threads, or a view of it. V8's format has no place for it that Node can read, so it goes beside. */
function sharedMemory(context: GraphContext, value: SharedArrayBuffer | ArrayBufferView): number {
	if (context.to === 'process') {
		throw new CannotCross(
			'is memory shared between threads, which another process cannot see',
			'use a ThreadPool or Thread, or send a copy: buffer.slice(0)',
		);
	}
	if (!ArrayBuffer.isView(value)) return add(context, value, { type: 'shared', index: context.share(value) });
	const { byteOffset, byteLength } = value;
	const length = 'BYTES_PER_ELEMENT' in value ? byteLength / Number(value.BYTES_PER_ELEMENT) : byteLength;
	const index = context.share(value.buffer as SharedArrayBuffer);
	const name = Buffer.isBuffer(value) ? 'Buffer' : String(Reflect.get(value, Symbol.toStringTag));
	return add(context, value, { type: 'view', class: name, index, byteOffset, length });
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
		if (context.dataOnly) throw notData('an AbortSignal, which follows a call');
		const reason: unknown[] = [];
		const index = context.signals.push(value) - 1;
		const needs = context.patchRange(() => {
			if (value.aborted) context.trail.into('reason', () => context.put(reason, 0, value.reason));
		});
		return { type: 'signal', index, aborted: value.aborted, reason, needs };
	}
	return undefined;
}

function replaceContainer(context: GraphContext, value: object): object | number {
	const prototype: object | null = Object.getPrototypeOf(value);
	if (Array.isArray(value)) return withPrototype(context, value, prototype, Array.prototype, copyArray);
	if (types.isMap(value)) return replaceMap(context, value, prototype);
	if (types.isSet(value)) return replaceSet(context, value, prototype);
	refuseLoss(value);
	if (types.isDate(value))
		return withPrototype(context, value, prototype, Date.prototype, () => new Date(value));
	if (types.isRegExp(value))
		return withPrototype(context, value, prototype, RegExp.prototype, () => new RegExp(value));
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
		context.specials[index] = {
			type: 'prototype',
			target: copy(context, value, () => {}),
			prototype: holder,
		};
		return index;
	}
	refuseHiddenState(Class, usual);
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
	const copy = context.begun(value) as Plain;
	register(copy);
	for (const key of Object.keys(value)) {
		if (Object.hasOwn(copy, key)) delete copy[key]; // so that the keys keep their order
		context.trail.into(key, () => context.put(copy, key, (value as Plain)[key]));
	}
	return copy;
}

function replaceMap(context: GraphContext, map: Map<unknown, unknown>, prototype: object | null): number {
	const index = context.reserve(map);
	const Class = collectionClass(context, map, prototype, Map.prototype);
	const entries: unknown[] = [];
	const own = copyProperties(context, map, () => {});
	context.specials[index] = { type: 'map', entries, own, class: Class };
	for (const [key, value] of map) {
		const at = entries.push(undefined, undefined) - 2;
		context.trail.into(`key ${keyName(key, at / 2)}`, () => context.put(entries, at, key));
		context.trail.into(keyName(key, at / 2), () => context.put(entries, at + 1, value));
	}
	return index;
}

function replaceSet(context: GraphContext, set: Set<unknown>, prototype: object | null): number {
	const index = context.reserve(set);
	const Class = collectionClass(context, set, prototype, Set.prototype);
	const items: unknown[] = [];
	const own = copyProperties(context, set, () => {});
	context.specials[index] = { type: 'set', items, own, class: Class };
	for (const item of set) {
		const at = items.push(undefined) - 1;
		context.trail.into(at, () => context.put(items, at, item));
	}
	return index;
}

function collectionClass(
	context: GraphContext,
	value: object,
	prototype: object | null,
	usual: object,
): number {
	refuseSymbols(value);
	if (prototype === usual) return -1;
	const Class = classOf(value, prototype);
	if (Class === undefined) throw cannotCopy(value);
	refuseHiddenState(Class, usual);
	return context.trail.into('constructor', () => context.special(Class));
}

/** How a key of a Map is shown in the path to a culprit. */
function keyName(key: unknown, position: number): string {
	const isObject = (typeof key === 'object' && key !== null) || typeof key === 'function';
	return isObject ? String(position) : String(key);
}

/** The class whose `prototype` an object is. */
function ownerOf(value: object): object | undefined {
	const owner: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
	return typeof owner === 'function' && owner.prototype === value ? owner : undefined;
}

function classPrototype(context: GraphContext, value: object, owner: object): number {
	const index = context.reserve(value);
	context.specials[index] = { type: 'class-prototype', class: context.special(owner) };
	return index;
}

/** The class of an instance; undefined where its prototype is just another object, or null. */
function classOf(value: object, prototype: object | null): object | undefined {
	const owner: unknown = prototype === null ? undefined : Reflect.get(prototype, 'constructor');
	if (typeof owner !== 'function' || owner.prototype !== prototype) return undefined;
	// A native class keeps its state where copying properties does not reach.
	if (builtinPath(owner) !== undefined || describe(owner).type === 'native') throw cannotCopy(value);
	return owner;
}

/** `Object.prototype` of another realm, as in a `vm` context. */
function isForeignTwin(prototype: object | null, usual: object): boolean {
	if (prototype === null || usual !== Object.prototype) return false;
	return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

const iterators = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as object;

/** An iterator of an array, a string, a Map, …: where it is cannot be seen. */
function isBuiltinIterator(value: object): boolean {
	const tag: unknown = Reflect.get(value, Symbol.toStringTag);
	return Object.prototype.isPrototypeOf.call(iterators, value) && String(tag).endsWith(' Iterator');
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
		isBuiltinIterator(value)
	);
}

/** Bundlers may give a class another name than its users know. */
function classNameOf(value: object): string {
	return brandsOf(value)[0]?.split(':')[1] ?? value.constructor.name;
}
