import { inspect } from 'node:util';

/** A key is found again only if it is the same value there as here. */
export function checkKey(key: unknown): void {
	if ((typeof key !== 'object' && typeof key !== 'function') || key === null) return;
	throw new TypeError(
		`a key must be a text, a number or another primitive, not ${inspect(key, { depth: 0 })}: an object that arrives is another one each time`,
	);
}

/** The dict of a manager, in its server. (`SyncManager.dict`) */
export class Dict {
	static readonly methods = [
		...['get', 'set', 'has', 'delete', 'clear', 'pop', 'setdefault', 'update'],
		...['keys', 'values', 'entries', 'copy'],
	];
	static readonly states = ['size'];
	readonly #map = new Map<unknown, unknown>();

	constructor(entries?: unknown) {
		if (entries !== undefined) this.update(entries);
	}

	get size(): number {
		return this.#map.size;
	}

	get(key: unknown): unknown {
		return this.#map.get(key);
	}

	set(key: unknown, value: unknown): void {
		checkKey(key);
		this.#map.set(key, value);
	}

	has(key: unknown): boolean {
		return this.#map.has(key);
	}

	delete(key: unknown): boolean {
		return this.#map.delete(key);
	}

	clear(): void {
		this.#map.clear();
	}

	pop(key: unknown, fallback?: unknown): unknown {
		const value = this.#map.has(key) ? this.#map.get(key) : fallback;
		this.#map.delete(key);
		return value;
	}

	setdefault(key: unknown, value: unknown): unknown {
		if (!this.#map.has(key)) this.set(key, value);
		return this.#map.get(key);
	}

	update(entries: unknown): void {
		for (const [key, value] of entriesOf(entries)) this.set(key, value);
	}

	keys(): unknown[] {
		return [...this.#map.keys()];
	}

	values(): unknown[] {
		return [...this.#map.values()];
	}

	entries(): [unknown, unknown][] {
		return [...this.#map];
	}

	copy(): Map<unknown, unknown> {
		return new Map(this.#map);
	}
}

function entriesOf(entries: unknown): Iterable<readonly [unknown, unknown]> {
	if (typeof entries !== 'object' || entries === null)
		throw new TypeError(`entries must be an object, a Map or pairs, not ${inspect(entries)}`);
	return Symbol.iterator in entries
		? (entries as Iterable<readonly [unknown, unknown]>)
		: Object.entries(entries);
}
