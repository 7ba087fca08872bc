import { types } from 'node:util';

/**
 * Whether structured clone alone carries a value whole: primitives, plain objects and arrays, Map, Set, Date, RegExp,
 * buffers and their views. Everything else - functions, instances, errors, shareables - takes the longer way.
 */
export function isPlain(value: unknown, seen: Set<object> = new Set()): boolean {
	switch (typeof value) {
		case 'object':
			return value === null || isPlainObject(value, seen);
		case 'function':
		case 'symbol':
			return false;
		default:
			return true;
	}
}

function isPlainObject(value: object, seen: Set<object>): boolean {
	if (types.isProxy(value)) return false;
	const prototype = Object.getPrototypeOf(value);
	if (prototype === Array.prototype) {
		if (seen.has(value)) return true;
		seen.add(value);
		for (const item of value as unknown[]) if (!isPlain(item, seen)) return false;
		// Named properties of an array may be anything; and where there are holes, there may be some.
		if (Object.keys(value).length !== (value as unknown[]).length) return false;
		return Object.getOwnPropertySymbols(value).length === 0;
	}
	if (prototype === Object.prototype) {
		if (seen.has(value)) return true;
		seen.add(value);
		if (types.isExternal(value) || Object.getOwnPropertySymbols(value).length > 0) return false;
		for (const key of Object.keys(value)) {
			if (!isPlain((value as Record<string, unknown>)[key], seen)) return false;
		}
		return true;
	}
	if (prototype === Map.prototype) return isPlainMap(value as Map<unknown, unknown>, seen);
	if (prototype === Set.prototype) {
		if (seen.has(value)) return true;
		seen.add(value);
		for (const item of value as Set<unknown>) if (!isPlain(item, seen)) return false;
		return Object.keys(value).length === 0;
	}
	return isLeaf(value, prototype);
}

function isPlainMap(map: Map<unknown, unknown>, seen: Set<object>): boolean {
	if (seen.has(map)) return true;
	seen.add(map);
	for (const [key, item] of map) if (!isPlain(key, seen) || !isPlain(item, seen)) return false;
	return Object.keys(map).length === 0;
}

/** Built-in objects that hold no other objects. Memory that both sides share is not among them. */
export function isLeaf(value: object, prototype: object | null = Object.getPrototypeOf(value)): boolean {
	if (ArrayBuffer.isView(value))
		return !types.isSharedArrayBuffer(value.buffer) && viewPrototypes.has(prototype);
	if (!leafPrototypes.has(prototype)) return false;
	// What a Date or RegExp was given besides would be lost.
	return !(types.isDate(value) || types.isRegExp(value)) || Object.keys(value).length === 0;
}

const viewPrototypes = new Set<unknown>([
	...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
		prototypeOf,
	),
	...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView].map(prototypeOf),
	...newerViews(),
]);
const leafPrototypes = new Set<unknown>(
	[Date, RegExp, ArrayBuffer, Boolean, Number, String].map(prototypeOf),
);

/** Float16Array exists from Node 24 on. */
function newerViews(): unknown[] {
	const { Float16Array } = globalThis as { Float16Array?: { prototype: unknown } };
	return Float16Array === undefined ? [] : [Float16Array.prototype];
}

function prototypeOf({ prototype }: { prototype: unknown }): unknown {
	return prototype;
}
