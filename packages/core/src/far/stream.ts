import { now } from '../clock.js';
import { kindOf } from '../kind.js';

/** How many items of a stream are wanted; none any more when it is over. */
export class Demand {
	#items: number;
	#isOver = false;
	#wake: () => void = () => {};

	constructor(items: number) {
		this.#items = items;
	}

	add(items: number): void {
		this.#items += items;
		this.#wake();
	}

	finish(): void {
		this.#isOver = true;
		this.#wake();
	}

	/** Waits until one more item is wanted; false when none is any more. */
	async next(): Promise<boolean> {
		while (this.#items === 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
		this.#items--;
		return !this.#isOver;
	}
}

type Generated = Iterator<unknown> | AsyncIterator<unknown>;

/** What a function gave that is run as a stream: a generator, or anything that can be iterated. */
export function iteratorOf(value: unknown): Generated {
	const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous, next } = Object(value);
	if (typeof asynchronous === 'function') return asynchronous.call(value);
	if (typeof synchronous === 'function') return synchronous.call(value);
	if (typeof next === 'function') return value as Generated;
	throw new TypeError(
		`a stream comes from a generator, or from what can be iterated, not from ${kindOf(value)}`,
	);
}

/** So long at most a generator that never waits goes on without a turn of the event loop. */
const TURN_MS = 1;

/**
 * Hands over the items of a generator as they are wanted, and gives what it returns. It is closed whatever happens.
 * @param turn lets the event loop come round, so that it is heard when no more items are wanted
 */
export async function runStream(
	generator: Generated,
	demand: Demand,
	send: (item: unknown) => void,
	turn: () => Promise<void>,
): Promise<unknown> {
	let isOpen = true;
	let turnEnds = now() + TURN_MS;
	const close = async () => {
		if (isOpen) await generator.return?.();
	};
	try {
		while (await demand.next()) {
			isOpen = false; // but for one that gives an item
			const { done, value } = await generator.next();
			if (done) return value;
			isOpen = true;
			send(await value); // as `for await` does
			if (now() < turnEnds) continue;
			await turn();
			turnEnds = now() + TURN_MS;
		}
	} catch (error) {
		await close().catch(() => {}); // what closing it throws does not hide why it is closed
		throw error;
	}
	return close();
}
