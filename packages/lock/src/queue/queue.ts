import {
	brand,
	checkObject,
	type FarHandle,
	farForm,
	fromHandle,
	isFar,
	kindOf,
	type Medium,
	type Operations,
	readSignal,
	readTimeout,
	revive,
	type Shareable,
	type SyncWaitOptions,
	share,
	type WaitOptions,
} from '@conc/core';
import { LockError, QueueEmptyError, QueueFullError, QueueShutDownError } from '../errors.js';
import { handle, isPlaced, labelOf, type NameOptions, type Place, placed, placeFor } from '../layout.js';
import { waitAsync } from '../wait/wait-async.js';
import { waitSync } from '../wait/wait-sync.js';
import { EXCHANGE_BYTES, Exchange, NO_LIMIT } from './exchange.js';
import { farQueueMembers } from './far-queue.js';
import { type Audience, checkData, fromWire, type Item, itemOf, toWire, type WireItem } from './item.js';
import { Memory } from './memory.js';
import { checkReady, notPut, openItem, openItemNow, packItem } from './packing.js';
import type { Order } from './records.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

export interface QueueOptions extends NameOptions {
	/** How many items may wait; 0, the default, for no limit. */
	readonly maxsize?: number | undefined;
}

/**
 * First in, first out, between any threads of this process: what one puts, one gets.
 *
 * Items cross as arguments of a call do. Those who wait to get are served in the order they came, and so are those who
 * wait for room. Without a `maxsize` as many items may wait as fit into 1 GB; one item may have 128 MB.
 *
 * (Python: `queue.Queue`, `multiprocessing.JoinableQueue`)
 */
export class Queue<T = unknown> implements Shareable, AsyncIterable<T> {
	readonly #label: string;
	readonly #place: Place;
	readonly #exchange: Exchange;

	constructor(options: QueueOptions = {}) {
		checkObject('options', options, 'such as { maxsize: 10 }');
		const { maxsize = 0 } = options;
		checkMaxsize(maxsize);
		this.#place = placeFor(options, EXCHANGE_BYTES, Memory.make);
		this.#label = labelOf(this.kind, this.#place);
		this.#exchange = new Exchange(this.#place, this.#label, this.order);
		if (!isPlaced(options)) this.#exchange.start(maxsize === 0 ? NO_LIMIT : maxsize);
	}

	protected get kind(): string {
		return 'Queue';
	}

	/** Which item is got next. */
	protected get order(): Order {
		return 'oldest';
	}

	/** @param to which other side it is packed for */
	protected toItem(value: T, subject: string, to?: Audience): Item {
		return itemOf(value, subject, to);
	}

	protected fromItem(value: unknown, _item: Item): T {
		return value as T;
	}

	/**
	 * Resolves when the item is in the queue, which may have to wait for room. Rejects with `QueueFullError` when that
	 * took longer than `timeout` milliseconds, with `QueueShutDownError` after `shutdown()`, with a CaptureError when it
	 * cannot cross, with `signal.reason` when aborted; then nothing was put. (`Queue.put`)
	 */
	async put(item: T, options?: WaitOptions): Promise<void> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		const packed = packItem(this, this.#label, item);
		try {
			if (this.#exchange.tryPut(packed)) return;
			if (!(await waitAsync(this.#exchange.putting(packed), timeout, signal))) throw this.#full();
		} catch (error) {
			throw notPut(packed, error);
		}
	}

	/** The same, blocking this thread. */
	putSync(item: T, options?: SyncWaitOptions): void {
		const timeout = readTimeout(options);
		const packed = packItem(this, this.#label, item);
		try {
			if (this.#exchange.tryPut(packed)) return;
			if (!waitSync(this.#exchange.putting(packed), timeout)) throw this.#full();
		} catch (error) {
			throw notPut(packed, error);
		}
	}

	/** Puts an item if there is room now; else throws `QueueFullError`. (`Queue.put_nowait`) */
	putNowait(item: T): void {
		const packed = packItem(this, this.#label, item);
		try {
			if (!this.#exchange.tryPut(packed)) throw this.#full();
		} catch (error) {
			throw notPut(packed, error);
		}
	}

	/**
	 * Resolves with the next item, which may have to be waited for. Rejects with `QueueEmptyError` when that took longer
	 * than `timeout` milliseconds, with `QueueShutDownError` when the queue is empty and shut down, with `signal.reason`
	 * when aborted; then no item was taken. (`Queue.get`)
	 */
	async get(options?: WaitOptions): Promise<T> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		const item = this.#exchange.tryGet(anything);
		if (item !== null) return openItem(this, item);
		const getting = this.#exchange.getting(anything);
		if (!(await waitAsync(getting, timeout, signal))) throw this.#empty();
		return openItem(this, getting.item);
	}

	/**
	 * The same, blocking this thread. Throws a TypeError, and leaves the item where it is, when that needs a module which
	 * was not imported here: only `get` can do that.
	 */
	getSync(options?: SyncWaitOptions): T {
		const timeout = readTimeout(options);
		const item = this.#exchange.tryGet(this.#ready);
		if (item !== null) return openItemNow(this, item);
		const getting = this.#exchange.getting(this.#ready);
		if (!waitSync(getting, timeout)) throw this.#empty();
		return openItemNow(this, getting.item);
	}

	/** Gets the next item if there is one now; else throws `QueueEmptyError`. (`Queue.get_nowait`) */
	getNowait(): T {
		const item = this.#getNow(this.#ready);
		if (item === null) throw this.#empty();
		return openItemNow(this, item);
	}

	/** How many items wait. It may be otherwise by the time you look, as the next two. (`Queue.qsize`) */
	get size(): number {
		return this.#exchange.store.count;
	}

	get empty(): boolean {
		return this.size === 0;
	}

	get full(): boolean {
		return this.size >= this.#exchange.most;
	}

	/** How many items may wait, 0 for no limit. */
	get maxsize(): number {
		return this.#exchange.most === NO_LIMIT ? 0 : this.#exchange.most;
	}

	/** Says that an item that was got is done. Throws `LockError` when that was said for all before. (`Queue.task_done`) */
	taskDone(): void {
		if (!this.#exchange.finish())
			throw new LockError(`taskDone of ${this.#label} was called more often than items were put`);
	}

	/** Resolves with true when `taskDone` was called for every item, with false when that took too long. (`Queue.join`) */
	async join(options?: WaitOptions): Promise<boolean> {
		const timeout = readTimeout(options);
		const signal = readSignal(options);
		signal?.throwIfAborted();
		return waitAsync(this.#exchange.joining(), timeout, signal);
	}

	/** The same, blocking this thread. */
	joinSync(options?: SyncWaitOptions): boolean {
		return waitSync(this.#exchange.joining(), readTimeout(options));
	}

	/**
	 * Takes no more items: who puts, or waits to, gets `QueueShutDownError`, and who gets does once the queue is empty.
	 * With `immediate` what waits is dropped and counts as done. Safe to call again. (`Queue.shutdown`)
	 */
	shutdown(options: { readonly immediate?: boolean } = {}): void {
		checkObject('options', options, 'such as { immediate: true }');
		this.#exchange.shut(options.immediate === true);
	}

	/** The items as they come, until the queue is shut down and empty. */
	async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
		for (;;) {
			try {
				yield await this.get();
			} catch (error) {
				if (error instanceof QueueShutDownError) return;
				throw error;
			}
		}
	}

	/** What other processes do with the items themselves. */
	protected async putItem(wire: WireItem, options: WaitOptions): Promise<boolean> {
		const item = fromWire(wire);
		if (this.#exchange.tryPut(item)) return true;
		return waitAsync(this.#exchange.putting(item), readTimeout(options), options.signal);
	}

	protected putItemNow(wire: WireItem): boolean {
		return this.#exchange.tryPut(fromWire(wire));
	}

	protected async getItem(options: WaitOptions): Promise<WireItem | null> {
		const item = this.#exchange.tryGet(anything);
		if (item !== null) return toWire(item);
		const getting = this.#exchange.getting(anything);
		if (!(await waitAsync(getting, readTimeout(options), options.signal))) return null;
		return toWire(getting.item);
	}

	protected getItemNow(): WireItem | null {
		const item = this.#getNow(anything);
		return item && toWire(item);
	}

	protected putBack(wire: WireItem): void {
		this.#exchange.putBack(fromWire(wire));
	}

	[share](to: Medium): Place | FarHandle {
		const Class = { Queue, LifoQueue, PriorityQueue }[this.kind] ?? Queue;
		const place = this.#place;
		return handle(to, { place, label: this.#label, handle: place, Class, detail: this.maxsize });
	}

	static [revive](handle: Place | FarHandle): Queue {
		return isFar(handle) ? fromHandle(handle, farQueue, revived) : revived(handle);
	}

	toString(): string {
		const limit = this.maxsize === 0 ? '' : ` of ${this.maxsize}`;
		return `${this.#label} (${this.size}${limit} items${this.#exchange.store.isShut ? ', shut down' : ''})`;
	}

	[inspect](): string {
		return this.toString();
	}

	/** Null when there is none. */
	#getNow(accept: (item: Item) => true): Item | null {
		const item = this.#exchange.tryGet(accept);
		const { store } = this.#exchange;
		if (item === null && store.isShut && store.count === 0)
			throw new QueueShutDownError(`${this.#label} was shut down`);
		return item;
	}

	/** Refuses an item that cannot be had without waiting. */
	readonly #ready = (item: Item): true => checkReady(this.#label, item);

	#full(): QueueFullError {
		return new QueueFullError(`${this.#label} is full: ${this.size} items wait to be got`);
	}

	#empty(): QueueEmptyError {
		return new QueueEmptyError(`${this.#label} is empty`);
	}
}
brand(Queue, '@conc/lock:Queue');

const queueOperations: Operations = {
	waits: ['putItem', 'getItem', 'join'],
	attempts: { putItem: 'putItemNow', getItem: 'getItemNow' },
	calls: ['putItemNow', 'getItemNow', 'taskDone', 'shutdown'],
	states: ['size'],
	checks: { putItem: checkPut, putItemNow: checkPut },
	restores: { getItem: 'putBack', getItemNow: 'putBack' },
};
const farQueue = farForm(Queue, queueOperations, farQueueMembers);

/** The same, but the item that was put last is got first. (Python: `queue.LifoQueue`) */
export class LifoQueue<T = unknown> extends Queue<T> {
	protected override get kind(): string {
		return 'LifoQueue';
	}

	protected override get order(): Order {
		return 'newest';
	}

	static override [revive](handle: Place | FarHandle): LifoQueue {
		return isFar(handle) ? fromHandle(handle, farLifo, revivedLifo) : revivedLifo(handle);
	}
}
brand(LifoQueue, '@conc/lock:LifoQueue');

const farLifo = farForm(LifoQueue, queueOperations, farQueueMembers);

/**
 * The same for pairs of a priority and a value: the lowest priority is got first, and of equal ones the pair that was
 * put first. What is no such pair is a TypeError when it is put, a priority that is NaN a RangeError.
 *
 * Up to 384 MB of items may wait.
 *
 * (Python: `queue.PriorityQueue`, which compares the values of equal priorities, so that they must be comparable)
 */
export class PriorityQueue<T = unknown> extends Queue<readonly [priority: number, value: T]> {
	protected override get kind(): string {
		return 'PriorityQueue';
	}

	protected override get order(): Order {
		return 'lowest';
	}

	protected override toItem(
		pair: readonly [priority: number, value: T],
		subject: string,
		to?: Audience,
	): Item {
		if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'number')
			throw new TypeError(`${subject} must be a pair such as [1, value], not ${shapeOf(pair)}`);
		const [priority, value] = pair;
		if (Number.isNaN(priority)) throw new RangeError(`the priority of ${subject} must be a number, not NaN`);
		return itemOf(value, subject, to, priority);
	}

	protected override fromItem(value: unknown, { priority }: Item): readonly [priority: number, value: T] {
		return [priority, value as T];
	}

	static override [revive](handle: Place | FarHandle): PriorityQueue {
		return isFar(handle) ? fromHandle(handle, farPriority, revivedPriority) : revivedPriority(handle);
	}
}
brand(PriorityQueue, '@conc/lock:PriorityQueue');

const farPriority = farForm(PriorityQueue, queueOperations, farQueueMembers);

function revived(place: Place): Queue {
	return new Queue(placed(place));
}

function revivedLifo(place: Place): LifoQueue {
	return new LifoQueue(placed(place));
}

function revivedPriority(place: Place): PriorityQueue {
	return new PriorityQueue(placed(place));
}

function shapeOf(value: unknown): string {
	if (!Array.isArray(value)) return kindOf(value);
	return value.length === 2 ? `[${kindOf(value[0])}, value]` : `an array of ${value.length}`;
}

const anything = (): true => true;

function checkPut([item]: readonly unknown[]): void {
	checkData(item as WireItem);
}

function checkMaxsize(maxsize: unknown): void {
	if (typeof maxsize !== 'number') throw new TypeError(`maxsize must be a number, not ${kindOf(maxsize)}`);
	if (!Number.isInteger(maxsize) || maxsize < 0 || maxsize >= NO_LIMIT)
		throw new RangeError(`maxsize must be a whole number of items, 0 for no limit, not ${maxsize}`);
}
