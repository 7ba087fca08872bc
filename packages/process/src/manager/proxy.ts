import { brand, type FarHandle, Remote, revive, type Shareable, share } from '@conc/core';
import { kept } from './kept.js';
import { Wording, type Words } from './reference.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** What an object of a manager can do, as its proxies are told. */
export interface Surface {
	/** `dict`, or the name it was registered under. */
	readonly type: string;
	readonly methods: readonly string[];
	/** Properties that are read. */
	readonly states: readonly string[];
	/** The method that gives what `for await` goes through. */
	readonly iterates: string | null;
}

/**
 * Stands for an object that lives in a manager: each of its methods asks there, and gives a promise; with `Sync` behind
 * its name it blocks. It goes to other threads and processes, and into other objects of its manager.
 *
 * (Python: `multiprocessing.managers.BaseProxy`)
 */
export class ManagerProxy implements Shareable {
	readonly #handle: FarHandle;
	/** In its server: the object, which lives as long as somebody has this. */
	readonly #object: object | undefined;

	constructor(handle: FarHandle, object?: object) {
		this.#handle = handle;
		this.#object = object;
	}

	[share](): FarHandle {
		return this.#handle;
	}

	static [revive](handle: FarHandle): ManagerProxy {
		return kept().own?.find(handle.id) ?? proxyOf(handle);
	}

	toString(): string {
		const { label, home } = this.#handle;
		return `${label} (in ${this.#object === undefined ? home.name : 'this manager'})`;
	}

	[inspect](): string {
		return this.toString();
	}
}
brand(ManagerProxy, '@conc/process:ManagerProxy');

/** A proxy with the methods its handle tells of. */
function proxyOf(handle: FarHandle): ManagerProxy {
	const proxy = new ManagerProxy(handle);
	const at = new Remote(handle);
	const { type, methods, states, iterates } = handle.detail as Surface;
	if (type === 'namespace') return namespaceOf(proxy, handle, at);
	const wording = new Wording(handle.home);
	const members: PropertyDescriptorMap = {};
	const words = (name: string, args: unknown[]) => [
		name,
		wording.write(args, `the arguments of ${name} of ${handle.label}`, 'args'),
	];
	for (const name of methods) {
		members[name] = {
			value: async (...args: unknown[]) =>
				wording.read((await at.wait('invoke', words(name, args), undefined)) as Words),
		};
		members[`${name}Sync`] = {
			value: (...args: unknown[]) =>
				wording.read(at.waitSync('invoke', words(name, args), undefined) as Words),
		};
	}
	for (const name of states) {
		members[name] = {
			get: () => wording.read(at.call('look', name) as Words),
		};
	}
	if (iterates !== null) {
		members[Symbol.asyncIterator as unknown as string] = {
			async *value() {
				yield* (await (proxy as unknown as Record<string, () => Promise<unknown[]>>)[iterates]?.()) ?? [];
			},
		};
	}
	Object.defineProperties(proxy, members);
	Object.freeze(proxy); // what is set here would not be there
	return proxy;
}

/** Its properties are the names, read and written by blocking round trips. */
function namespaceOf(proxy: ManagerProxy, handle: FarHandle, at: Remote): ManagerProxy {
	const wording = new Wording(handle.home);
	const ask = (name: string, ...args: unknown[]) => {
		const words = [name, wording.write(args, `a value of ${handle.label}`, 'args')];
		return wording.read(at.waitSync('invoke', words, undefined) as Words);
	};
	const isName = (key: string | symbol): key is string =>
		typeof key === 'string' && !(key in proxy) && key !== 'then';
	return new Proxy(proxy, {
		get: (target, key) => {
			if (isName(key)) return ask('get', key);
			const value: unknown = Reflect.get(target, key, target);
			// Its own methods look at what is hidden in it.
			return typeof value === 'function' && value !== ManagerProxy ? value.bind(target) : value;
		},
		set: (_, key, value) => {
			if (!isName(key)) throw new TypeError(`a namespace cannot have the name ${String(key)}`);
			ask('set', key, value);
			return true;
		},
		has: (target, key) => (isName(key) ? ask('has', key) === true : key in target),
		deleteProperty: (_, key) => {
			if (isName(key)) ask('delete', key);
			return true;
		},
		ownKeys: () => ask('keys') as string[],
		getOwnPropertyDescriptor: (_, key) => {
			if (!isName(key) || ask('has', key) !== true) return undefined;
			return { value: ask('get', key), writable: true, enumerable: true, configurable: true };
		},
	});
}

/** The methods of something as its proxy has them. */
export type Proxied<M> = {
	readonly [K in keyof M as M[K] extends Method ? K : never]: M[K] extends (...args: infer A) => infer R
		? (...args: A) => Promise<Awaited<R>>
		: never;
} & {
	readonly [K in keyof M as M[K] extends Method ? `${K & string}Sync` : never]: M[K] extends (
		...args: infer A
	) => infer R
		? (...args: A) => Awaited<R>
		: never;
};

type Method = (...args: never[]) => unknown;
