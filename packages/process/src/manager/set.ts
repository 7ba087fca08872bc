import { checkKey } from './dict.js';

/** The set of a manager, in its server. (`SyncManager.set`) */
export class ValueSet {
	static readonly methods = ['add', 'has', 'delete', 'clear', 'update', 'pop', 'values', 'copy'];
	static readonly states = ['size'];
	readonly #items = new Set<unknown>();

	constructor(items: Iterable<unknown> = []) {
		this.update(items);
	}

	get size(): number {
		return this.#items.size;
	}

	add(value: unknown): void {
		checkKey(value);
		this.#items.add(value);
	}

	has(value: unknown): boolean {
		return this.#items.has(value);
	}

	delete(value: unknown): boolean {
		return this.#items.delete(value);
	}

	clear(): void {
		this.#items.clear();
	}

	update(values: Iterable<unknown>): void {
		for (const value of values) this.add(value);
	}

	pop(): unknown {
		const [first] = this.#items;
		this.#items.delete(first);
		return first;
	}

	values(): unknown[] {
		return [...this.#items];
	}

	copy(): Set<unknown> {
		return new Set(this.#items);
	}
}
