import { inspect, isDeepStrictEqual } from 'node:util';

/** The list of a manager, in its server. (`SyncManager.list`) */
export class List {
	static readonly methods = [
		...['at', 'set', 'append', 'extend', 'insert', 'pop', 'remove', 'clear'],
		...['index', 'count', 'reverse', 'sort', 'slice', 'values'],
	];
	static readonly states = ['length'];
	readonly #items: unknown[];

	constructor(items: Iterable<unknown> = []) {
		this.#items = [...items];
	}

	get length(): number {
		return this.#items.length;
	}

	at(index: number): unknown {
		return this.#items.at(index);
	}

	set(index: number, value: unknown): void {
		this.#items[this.#existing(index)] = value;
	}

	append(value: unknown): void {
		this.#items.push(value);
	}

	extend(values: Iterable<unknown>): void {
		for (const value of values) this.#items.push(value);
	}

	insert(index: number, value: unknown): void {
		this.#items.splice(index, 0, value);
	}

	pop(index = -1): unknown {
		if (this.#items.length === 0) throw new RangeError('pop from an empty list');
		return this.#items.splice(this.#existing(index), 1)[0];
	}

	remove(value: unknown): void {
		const index = this.index(value);
		if (index === -1) throw new RangeError(`${inspect(value)} is not in the list`);
		this.#items.splice(index, 1);
	}

	clear(): void {
		this.#items.length = 0;
	}

	index(value: unknown): number {
		return this.#items.findIndex((item) => isDeepStrictEqual(item, value));
	}

	count(value: unknown): number {
		return this.#items.filter((item) => isDeepStrictEqual(item, value)).length;
	}

	reverse(): void {
		this.#items.reverse();
	}

	sort(): void {
		this.#items.sort((a, b) => compare(a as string, b as string));
	}

	slice(start?: number, end?: number): unknown[] {
		return this.#items.slice(start, end);
	}

	values(): unknown[] {
		return [...this.#items];
	}

	#existing(index: number): number {
		const { length } = this.#items;
		const at = index < 0 ? index + length : index;
		if (Number.isInteger(at) && at >= 0 && at < length) return at;
		throw new RangeError(`index ${String(index)} is not in a list of ${length}`);
	}
}

/** Numbers as numbers, where JavaScript's own way compares texts. */
function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
