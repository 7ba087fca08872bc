import { builtinModules } from 'node:module';
import { types } from 'node:util';
import { realm } from '../realm.js';
import { standsInNode } from './inspector.js';

/** Where a built-in is found in any thread: from the global object, or from a module of Node's. */
export interface BuiltinPath {
	/** `''` for the global object. */
	readonly module: string;
	readonly path: readonly string[];
}

interface Index {
	readonly paths: Map<object, BuiltinPath>;
	/** How many of Node's modules were loaded when it was made. */
	readonly loaded: number;
}

/**
 * The name of a built-in function, class, namespace or module, known by identity. What a program put in the place of
 * a built-in, or made a global of its own, is none.
 */
export function builtinPath(value: object): BuiltinPath | undefined {
	const found = lookUp(value);
	return found !== undefined && isNodesOwn(value) ? found : undefined;
}

function lookUp(value: object): BuiltinPath | undefined {
	const indexes = realm('builtins', () => ({ now: undefined as Index | undefined }));
	indexes.now ??= makeIndex();
	const found = indexes.now.paths.get(value);
	if (found !== undefined || indexes.now.loaded === loadList().length) return found;
	indexes.now = makeIndex();
	return indexes.now.paths.get(value);
}

/** Whether a function is native or stands in a script of Node's. */
function isNodesOwn(value: object): boolean {
	if (typeof value !== 'function') return true;
	const answers = realm('own functions of Node', () => new WeakMap<object, boolean>());
	let answer = answers.get(value);
	if (answer === undefined) {
		answer = isNative(value) || standsInNode(value);
		answers.set(value, answer);
	}
	return answer;
}

const nativeText = /\{\s*\[native code\]\s*\}$/;

/** Bound functions look native as well, and so do Proxies. */
function isNative(fn: object): boolean {
	if (types.isProxy(fn)) return false;
	const { name = '' } = fn as { name?: string };
	return !name.startsWith('bound ') && nativeText.test(Function.prototype.toString.call(fn));
}

/** The built-in of this thread with that name. */
export function builtinAt({ module, path }: BuiltinPath): unknown {
	const root = module === '' ? globalThis : process.getBuiltinModule(module);
	return path.reduce<unknown>((at, name) => read(at as object, name), root);
}

function makeIndex(): Index {
	const paths = new Map<object, BuiltinPath>();
	add(paths, '', [], globalThis, 2);
	const loaded = loadedModules();
	for (const name of loaded) {
		const exports = process.getBuiltinModule(name);
		if (exports === undefined) continue;
		note(paths, exports, { module: name, path: [] });
		add(paths, name, [], exports, 1);
	}
	return { paths, loaded: loadList().length };
}

/** Looking a module up must not load it: some warn when they are loaded. */
function loadedModules(): string[] {
	const publicNames = new Set(builtinModules);
	return (
		loadList()
			.filter((entry) => entry.startsWith('NativeModule '))
			.map((entry) => entry.slice('NativeModule '.length))
			// `process` is a global; as a module its data would count as built-in.
			.filter((name) => publicNames.has(name) && name !== 'process')
	);
}

function loadList(): string[] {
	return (process as { moduleLoadList?: string[] }).moduleLoadList ?? [];
}

/** Enters the functions, classes and plain namespaces an object holds, down to `depth` levels. */
function add(
	paths: Map<object, BuiltinPath>,
	module: string,
	path: string[],
	holder: object,
	depth: number,
): void {
	for (const name of Object.getOwnPropertyNames(holder)) {
		const value = read(holder, name, true);
		if (value === null || (typeof value !== 'function' && typeof value !== 'object')) continue;
		// Of the globals' own members only functions count: `process.env` is data, and so is a program's own global.
		if (module === '' && typeof value !== 'function' && !(path.length === 0 && namespaces.has(name)))
			continue;
		const here = [...path, name];
		const isNew = note(paths, value, { module, path: here });
		if (!isNew || depth === 0) continue;
		const prototype = typeof value === 'function' ? read(value, 'prototype', true) : null;
		if (typeof value === 'function' || path.length === 0) add(paths, module, here, value, depth - 1);
		if (prototype) {
			add(paths, module, [...here, 'prototype'], prototype, 0);
		}
	}
}

/** The global objects that are not functions. */
const namespaces = new Set([
	...['globalThis', 'console', 'process', 'Math', 'JSON', 'Reflect', 'Atomics', 'Intl', 'WebAssembly'],
	...['performance', 'crypto', 'navigator', 'Temporal'],
]);

function note(paths: Map<object, BuiltinPath>, value: object, at: BuiltinPath): boolean {
	if (paths.has(value)) return false;
	paths.set(value, at);
	return true;
}

/** Reads a data property, or a getter where it is asked for by name; getters are not run while the index is made. */
function read(holder: object, name: string, dataOnly = false): object | null {
	if (!dataOnly) return Reflect.get(holder, name);
	try {
		return (Object.getOwnPropertyDescriptor(holder, name)?.value as object | undefined) ?? null;
	} catch {
		return null;
	}
}
