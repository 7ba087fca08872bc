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

/** Hands over the items of a generator as they are wanted, and gives what it returns. It is closed whatever happens. */
export async function runStream(
	generator: Generated,
	demand: Demand,
	send: (item: unknown) => void,
): Promise<unknown> {
	let isOpen = true;
	try {
		while (await demand.next()) {
			const { done, value } = await generator.next();
			if (done) {
				isOpen = false;
				return value;
			}
			send(value);
		}
		return undefined;
	} catch (error) {
		// What closing it throws does not hide why it is closed.
		if (isOpen) await Promise.resolve(generator.return?.()).catch(() => {});
		isOpen = false;
		throw error;
	} finally {
		if (isOpen) await generator.return?.();
	}
}
