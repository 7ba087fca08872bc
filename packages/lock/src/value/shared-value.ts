import {
	brand,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	type Medium,
	revive,
	type Shareable,
	share,
} from '@conc/core';
import {
	handle,
	labelOf,
	type NameOptions,
	type Place,
	PRIMITIVE_BYTES,
	placed,
	placeFor,
} from '../layout.js';
import { farLock, Lock } from '../lock/lock.js';
import { cellsIn } from './cells.js';
import type { BitKind, Cells, Kinds, NumericKind } from './kinds.js';
import { bytesOf, viewAt } from './views.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

const VALUE = 0; // the index of the one cell

/** What an operation takes: nothing at all where the type does not have it. */
type Operand<K extends keyof Kinds, Having extends keyof Kinds> = K extends Having ? Kinds[K] : never;

interface ValueHandle {
	readonly type: keyof Kinds;
	readonly place: Place;
}

/**
 * A number or truth value in memory that all threads of this process see.
 *
 * Reading and writing `value` is atomic each; `shared.value += 1` is both, one after the other, and loses the changes
 * that come between. Use `add`, or hold `shared.lock`.
 *
 * (Python: `multiprocessing.Value`)
 */
export class SharedValue<K extends keyof Kinds> implements Shareable {
	readonly #type: K;
	readonly #place: Place;
	readonly #cells: Cells<Kinds[K]>;
	#lock: Lock | undefined;

	/**
	 * @param type `int8`, `uint8` and so on to `uint32`, `float32`, `float64`, `bigint64`, `biguint64` or `bool`
	 * @param initial 0, 0n or false when left out
	 */
	constructor(type: K, initial?: Kinds[K], options: NameOptions = {}) {
		this.#type = type;
		this.#place = placeFor(options, bytesOf(type));
		const { memory, offset } = this.#place;
		this.#cells = cellsIn(type, viewAt(type, memory, offset + PRIMITIVE_BYTES, 1));
		if (initial !== undefined) this.value = initial;
	}

	/** Written with what the type cannot hold, it throws a RangeError or TypeError and stays as it is. */
	get value(): Kinds[K] {
		return this.#cells.load(VALUE);
	}

	set value(value: Kinds[K]) {
		this.#cells.check(value);
		this.#cells.store(VALUE, value);
	}

	/** Adds to it, wrapping around like the type does, and returns what was there before. */
	add(amount: Operand<K, NumericKind>): Kinds[K] {
		return this.#operate('add', amount);
	}

	/** Subtracts from it, wrapping around like the type does, and returns what was there before. */
	sub(amount: Operand<K, NumericKind>): Kinds[K] {
		return this.#operate('sub', amount);
	}

	/** Keeps the bits that are set in both, and returns what was there before. */
	and(bits: Operand<K, BitKind>): Kinds[K] {
		return this.#operate('and', bits);
	}

	/** Sets the bits that are set in either, and returns what was there before. */
	or(bits: Operand<K, BitKind>): Kinds[K] {
		return this.#operate('or', bits);
	}

	/** Flips the bits that are set in `bits`, and returns what was there before. */
	xor(bits: Operand<K, BitKind>): Kinds[K] {
		return this.#operate('xor', bits);
	}

	/** Replaces it, and returns what was there before. */
	exchange(value: Kinds[K]): Kinds[K] {
		this.#cells.check(value);
		return this.#cells.exchange(VALUE, value);
	}

	/** Replaces it if it is `expected`, and returns what was there before: `expected` if it was replaced. */
	compareExchange(expected: Kinds[K], value: Kinds[K]): Kinds[K] {
		this.#cells.check(expected);
		this.#cells.check(value);
		return this.#cells.compareExchange(VALUE, expected, value);
	}

	/** A lock of its own, for changes that take more than one step. It is not taken by the value itself. (`get_lock`) */
	get lock(): Lock {
		this.#lock ??= new Lock(placed(this.#place));
		return this.#lock;
	}

	[share](to: Medium): ValueHandle | FarHandle {
		const place = this.#place;
		const own = { type: this.#type, place };
		return handle(to, { place, label: labelOf('SharedValue', place), handle: own, Class: SharedValue });
	}

	static [revive](handle: ValueHandle | FarHandle): SharedValue<keyof Kinds> {
		return isFar(handle) ? fromHandle(handle, farValue, revived) : revived(handle);
	}

	toString(): string {
		return `${labelOf('SharedValue', this.#place)} (${this.#type} ${this.value})`;
	}

	[inspect](): string {
		return this.toString();
	}

	#operate(operation: 'add' | 'sub' | 'and' | 'or' | 'xor', operand: Kinds[K]): Kinds[K] {
		const cells = this.#cells;
		if (cells[operation] === undefined) throw new TypeError(`a ${this.#type} has no ${operation}`);
		cells.check(operand);
		return cells[operation](VALUE, operand);
	}
}
brand(SharedValue, '@conc/lock:SharedValue');

const farValue = farForm(SharedValue<keyof Kinds>, {
	calls: ['add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'],
	settings: ['value'],
	parts: { lock: { Class: () => Lock, form: () => farLock } },
});

function revived({ type, place }: ValueHandle): SharedValue<keyof Kinds> {
	return new SharedValue(type, undefined, placed(place));
}
