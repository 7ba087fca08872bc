import { LifoQueue, LockError, PriorityQueue, type Queue } from '@conc/lock';
import fc from 'fast-check';
import { expect } from 'vitest';
import { waitersOf } from '../support/waiting.js';
import { anyPatience, anyWait, nothing, type Patience, step, type Wait, World } from '../support/world.js';

// The tables of a queue, in order.
const GETTERS = 0;
const PUTTERS = 1;
const JOINERS = 2;

/** A number, or with a priority in front. */
export type Item = number | readonly [priority: number, made: number];

const priorityOf = (item: Item) => (typeof item === 'number' ? 0 : item[0]);
const byPriority = (one: Item, other: Item) => priorityOf(one) - priorityOf(other);

/** Items, and the lines of those who want to get one, to put one, and all to be done. */
export class QueueWorld extends World {
	isShut = false;
	readonly #items: Item[] = [];
	#unfinished = 0;
	#getters: Wait[] = [];
	#putters: (Wait & { item?: Item })[] = [];
	#joiners: Wait[] = [];
	#made = 0;
	readonly #most: number;
	readonly #queue: Queue<Item>;

	constructor(queue: Queue<Item>, settles: boolean) {
		// Which item is the last, or the lowest, depends on who comes first of those who were told.
		super(settles || queue instanceof LifoQueue || queue instanceof PriorityQueue);
		this.#queue = queue;
		this.#most = queue.maxsize || Number.POSITIVE_INFINITY;
	}

	put(patience: Patience): void {
		const made = this.#made++;
		const item: Item = this.#queue instanceof PriorityQueue ? [(made * 7) % 3, made] : made;
		const before = this.#queue.size;
		const wait = this.begin(patience, (options) => this.#queue.put(item, options));
		if (this.#queue.size > before) {
			expect(this.isShut).toBe(false);
			this.#add(item);
			wait.expected = 'undefined';
		} else if (this.isShut) {
			wait.expected = 'QueueShutDownError';
		} else {
			// There is no room left by those who were there before.
			expect(this.#most - before).toBeLessThanOrEqual(this.#putters.length);
			if (patience === 'none') wait.expected = 'QueueFullError';
			else this.#putters.push(Object.assign(wait, { item }));
		}
	}

	get(patience: Patience): void {
		const before = this.#queue.size;
		const wait = this.begin(patience, (options) => this.#queue.get(options));
		if (this.#queue.size < before) {
			wait.expected = String(this.#take());
			return;
		}
		expect(before).toBeLessThanOrEqual(this.#getters.length);
		if (this.isShut && before === 0) wait.expected = 'QueueShutDownError';
		else if (patience === 'none') wait.expected = 'QueueEmptyError';
		else this.#getters.push(wait);
	}

	taskDone(): void {
		if (this.#unfinished === 0) {
			expect(() => this.#queue.taskDone()).toThrow(LockError);
		} else {
			this.#queue.taskDone();
			this.#unfinished--;
		}
	}

	join(patience: Patience): void {
		const wait = this.begin(patience, (options) => this.#queue.join(options));
		if (this.#unfinished === 0) wait.expected = 'true';
		else if (patience === 'none') wait.expected = 'false';
		else this.#joiners.push(wait);
	}

	shutdown(immediate: boolean): void {
		this.#queue.shutdown({ immediate });
		this.isShut = true;
		if (!immediate) return;
		this.#unfinished -= Math.min(this.#unfinished, this.#items.length);
		this.#items.length = 0;
	}

	get abortable(): Wait[] {
		return [...this.#getters, ...this.#putters, ...this.#joiners].filter(({ isAbortable }) => isAbortable);
	}

	abort(at: number): void {
		const aborted = this.abortable[at % this.abortable.length] as Wait;
		aborted.abort();
		aborted.expected = 'aborted';
		this.#getters = this.#getters.filter((wait) => wait !== aborted);
		this.#putters = this.#putters.filter((wait) => wait !== aborted);
		this.#joiners = this.#joiners.filter((wait) => wait !== aborted);
	}

	look(): void {
		expect(this.#queue.size).toBe(this.#items.length);
		expect(waitersOf(this.#queue, GETTERS)).toBe(this.#getters.length);
		expect(waitersOf(this.#queue, PUTTERS)).toBe(this.#putters.length);
		expect(waitersOf(this.#queue, JOINERS)).toBe(this.#joiners.length);
	}

	async finish(): Promise<void> {
		this.shutdown(true);
		while (this.#unfinished > 0) this.taskDone();
	}

	protected goOn(): void {
		for (let before = -1; before !== this.#getters.length + this.#putters.length; ) {
			before = this.#getters.length + this.#putters.length;
			for (const wait of this.#getters.splice(0, this.#items.length)) wait.expected = String(this.#take());
			if (this.isShut) break;
			for (const wait of this.#putters.splice(0, this.#most - this.#items.length)) {
				this.#add(wait.item as Item);
				wait.expected = 'undefined';
			}
		}
		const refused = [
			...(this.isShut ? this.#putters.splice(0) : []),
			...(this.isShut && this.#items.length === 0 ? this.#getters.splice(0) : []),
		];
		for (const wait of refused) wait.expected = 'QueueShutDownError';
		if (this.#unfinished === 0) for (const wait of this.#joiners.splice(0)) wait.expected = 'true';
	}

	#add(item: Item): void {
		this.#items.push(item);
		this.#unfinished++;
	}

	#take(): Item {
		const items = this.#items;
		if (this.#queue instanceof LifoQueue) return items.pop() as Item;
		if (this.#queue instanceof PriorityQueue) items.sort(byPriority); // which leaves equals as they are
		return items.shift() as Item;
	}
}

export const queueSteps = [
	step('put', anyPatience, (world: QueueWorld, patience) => world.put(patience)),
	step('get', anyPatience, (world: QueueWorld, patience) => world.get(patience)),
	// So rarely one after the other by chance, and so much can go wrong.
	step('putAndAbort', anyPatience, (world: QueueWorld, patience) => {
		world.put(patience);
		if (world.abortable.length > 0) world.abort(0);
	}),
	step('getAndAbort', anyPatience, (world: QueueWorld, patience) => {
		world.get(patience);
		if (world.abortable.length > 0) world.abort(0);
	}),
	step('taskDone', nothing, (world: QueueWorld) => world.taskDone()),
	step(
		'join',
		anyPatience,
		(world: QueueWorld, patience) => world.join(patience),
		// Otherwise it depends on who comes first, the one who joins or the next who puts.
		({ settles }) => settles,
	),
	step(
		'abort',
		anyWait,
		(world: QueueWorld, at) => world.abort(at),
		({ abortable }) => abortable.length > 0,
	),
];

/** For programs of their own, as little happens after it. */
export const shutdown = step('shutdown', fc.boolean(), (world: QueueWorld, immediate) =>
	world.shutdown(immediate),
);
