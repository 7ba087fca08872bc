import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	kindOf,
	type Medium,
	type Remote,
	remote,
	revive,
	type Shareable,
	share,
} from '@conc/core';
import {
	handle,
	isPlaced,
	labelOf,
	type NameOptions,
	type Place,
	PRIMITIVE_BYTES,
	placed,
	placeFor,
} from '../layout.js';
import { farLock, Lock } from '../lock/lock.js';
import { cellsIn } from './cells.js';
import type { Cells, Kinds, Views } from './kinds.js';
import { bytesOf, viewAt } from './views.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** How many items are shown. */
const SHOWN = 100;

/** What crosses to another thread. */
interface ArrayHandle extends Place {
	readonly type: keyof Kinds;
	readonly length: number;
}

/**
 * So many numbers or truth values in memory that all threads of this process see.
 *
 * `at` and `set` are atomic each. `view` is the typed array itself, the fastest way to go through many items; what
 * other threads write meanwhile is then seen at any time, in any order. For more than one item, hold `array.lock`.
 *
 * (Python: `multiprocessing.Array`)
 */
export class SharedArray<K extends keyof Kinds> implements Shareable, Iterable<Kinds[K]> {
	/**
	 * The items where they lie: read and written without any check or synchronisation, as fast as a typed array. The
	 * items of a `bool` are bytes that are 1 or 0. (`Array.get_obj`)
	 */
	readonly view: Views[K];
	readonly #type: K;
	readonly #place: Place;
	readonly #cells: Cells<Kinds[K]>;
	#lock: Lock | undefined;

	/**
	 * @param type `int8`, `uint8` and so on to `uint32`, `float32`, `float64`, `bigint64`, `biguint64` or `bool`
	 * @param lengthOrItems how many items, each 0, 0n or false; or the items, which are copied
	 */
	constructor(type: K, lengthOrItems: number | Iterable<Kinds[K]>, options: NameOptions = {}) {
		const items = typeof lengthOrItems === 'number' ? undefined : drawn(lengthOrItems);
		const length = items?.length ?? (lengthOrItems as number);
		this.#type = type;
		this.#place = isPlaced(options) ? placeFor(options) : placeWith(length, bytesOf(type), options);
		const { memory, offset } = this.#place;
		this.view = viewAt(type, memory, offset + PRIMITIVE_BYTES, length);
		this.#cells = cellsIn(type, this.view);
		items?.forEach((item, index) => {
			this.set(index, item);
		});
	}

	/** How many items there are: fixed. */
	get length(): number {
		return this.view.length;
	}

	/** The item at an index, a negative one from the end; undefined outside, as `Array.prototype.at`. */
	at(index: number): Kinds[K] | undefined {
		const whole = Math.trunc(index) || 0;
		const at = whole < 0 ? whole + this.length : whole;
		return at >= 0 && at < this.length ? this.#cells.load(at) : undefined;
	}

	/**
	 * Replaces the item at an index, a negative one from the end. Outside it throws a RangeError, given what the type
	 * cannot hold a RangeError or TypeError; nothing is changed then.
	 */
	set(index: number, value: Kinds[K]): void {
		const { length } = this;
		if (!Number.isInteger(index) || index < -length || index >= length) throw outside(index, length);
		this.#cells.check(value);
		this.#cells.store(index < 0 ? index + length : index, value);
	}

	/** A lock of its own, for changes that take more than one step. It is not taken by the array itself. (`get_lock`) */
	get lock(): Lock {
		this.#lock ??= new Lock(placed(this.#place));
		return this.#lock;
	}

	/** The items as they are when it comes to them. */
	*[Symbol.iterator](): Generator<Kinds[K], void, undefined> {
		for (let at = 0; at < this.length; at++) yield this.#cells.load(at);
	}

	/** All of them, for another process. */
	protected items(): Kinds[K][] {
		return [...this];
	}

	[share](to: Medium): ArrayHandle | FarHandle {
		const place = this.#place;
		const { length } = this;
		const own = { ...place, type: this.#type, length };
		const label = labelOf('SharedArray', place);
		return handle(to, { place, label, handle: own, Class: SharedArray, detail: length });
	}

	static [revive](handle: ArrayHandle | FarHandle): SharedArray<keyof Kinds> {
		return isFar(handle) ? fromHandle(handle, farArray, revived) : revived(handle);
	}

	toString(): string {
		const items: unknown[] = [];
		for (let at = 0; at < Math.min(this.length, SHOWN); at++) items.push(this.#cells.load(at));
		if (this.length > SHOWN) items.push(`… ${this.length - SHOWN} more`);
		return `${labelOf('SharedArray', this.#place)} (${this.#type} [${items.join(', ')}])`;
	}

	[inspect](): string {
		return this.toString();
	}
}
brand(SharedArray, '@conc/lock:SharedArray');

interface FarArray {
	readonly [remote]: Remote;
}

const farArray = farForm(
	SharedArray<keyof Kinds>,
	{ calls: ['at', 'set', 'items'], parts: { lock: { Class: () => Lock, form: () => farLock } } },
	{
		get length(): unknown {
			return (this as unknown as FarArray)[remote].handle.detail;
		},
		get view(): never {
			throw new TypeError(
				`the memory of ${(this as unknown as FarArray)[remote]} cannot be seen from here\n  → use at() and set(), or [...array] for all items`,
			);
		},
		*[Symbol.iterator](this: FarArray): Generator<unknown, void, undefined> {
			yield* this[remote].call('items') as unknown[];
		},
	},
);

function revived({ type, length, ...place }: ArrayHandle): SharedArray<keyof Kinds> {
	return new SharedArray(type, length, placed(place));
}

function drawn<T>(items: Iterable<T>): readonly T[] {
	if (typeof (items as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] === 'function')
		return [...items];
	throw new TypeError(`an array is made of its length or its items, not of ${kindOf(items)}`);
}

function placeWith(length: number, itemBytes: number, options: NameOptions): Place {
	if (!Number.isSafeInteger(length) || length < 0)
		throw new RangeError(`length must be a whole number from 0, not ${length}`);
	try {
		return placeFor(options, length * itemBytes);
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new RangeError(`length ${length} is more than this process can have memory for`, { cause: error });
	}
}

function outside(index: number, length: number): RangeError {
	const indexes = length === 0 ? 'there is none in an array of length 0' : `from -${length} to ${length - 1}`;
	return new RangeError(`index must be a whole number, ${indexes}, not ${String(index)}`);
}
