import type { Proxied } from './proxy.js';

/** A dict of a manager. (`DictProxy`) Keys are primitives. */
export type DictProxy<K, V> = Proxied<DictMethods<K, V>> &
	AsyncIterable<[K, V]> & {
		/** One blocking round trip. */
		readonly size: number;
	};

interface DictMethods<K, V> {
	get(key: K): V | undefined;
	set(key: K, value: V): void;
	has(key: K): boolean;
	delete(key: K): boolean;
	clear(): void;
	/** Takes it out; the fallback where it is not there. */
	pop(key: K, fallback?: V): V | undefined;
	/** Its value, which is this one from now on where it had none. */
	setdefault(key: K, value: V): V;
	update(entries: ReadonlyMap<K, V> | readonly (readonly [K, V])[] | Readonly<Record<string, V>>): void;
	keys(): K[];
	values(): V[];
	entries(): [K, V][];
	copy(): Map<K, V>;
}

/** A list of a manager. (`ListProxy`) */
export type ListProxy<T> = Proxied<ListMethods<T>> &
	AsyncIterable<T> & {
		/** One blocking round trip. */
		readonly length: number;
	};

interface ListMethods<T> {
	/** Undefined outside, from the end where negative. */
	at(index: number): T | undefined;
	/** Rejects with a RangeError outside. */
	set(index: number, value: T): void;
	append(value: T): void;
	extend(values: readonly T[]): void;
	insert(index: number, value: T): void;
	/** Takes out the last, or the one at an index. */
	pop(index?: number): T;
	/** Takes out the first that is equal; rejects with a RangeError where none is. */
	remove(value: T): void;
	clear(): void;
	/** Of the first that is equal; -1 where none is. */
	index(value: T): number;
	count(value: T): number;
	reverse(): void;
	/** Numbers by size, texts by their characters. */
	sort(): void;
	slice(start?: number, end?: number): T[];
	values(): T[];
}

/** A set of a manager. Its items are primitives. */
export type SetProxy<T> = Proxied<SetMethods<T>> &
	AsyncIterable<T> & {
		/** One blocking round trip. */
		readonly size: number;
	};

interface SetMethods<T> {
	add(value: T): void;
	has(value: T): boolean;
	delete(value: T): boolean;
	clear(): void;
	update(values: readonly T[]): void;
	/** Takes one out; undefined where there is none. */
	pop(): T | undefined;
	values(): T[];
	copy(): Set<T>;
}

/** A namespace of a manager: reading or writing a property is one blocking round trip. (`NamespaceProxy`) */
export type NamespaceProxy<T extends object> = Partial<T>;
