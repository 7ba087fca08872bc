import { MOST_CALLS } from '../channel/claims.js';
import type { Call } from './call.js';

/** Who is told how a call ended: once, and as soon as that is known. */
export interface Caller {
	readonly call: Call;
	/** @param microseconds how long the call took */
	resolve(value: unknown, microseconds: number): void;
	reject(error: unknown): void;
	/** The answer is there, but needs modules that have to be imported first: it takes turns of the event loop. */
	opening?(): void;
	/** An item of a stream; a promise where modules have to be imported first. */
	item?(value: unknown): void;
	/** What the call reports on its way. */
	progress?(value: unknown): void;
	/** It looks at its signal. */
	listens?(): void;
	/** It was recalled before it began: nothing more is told of it. */
	returned?(): void;
}

/** The calls of one host that have not been answered, by their ids. */
export class CallsUnderWay {
	/** Who made them; their ids modulo `MOST_CALLS` are where, so no two may have the same. */
	readonly #callers: (Caller | undefined)[] = [];
	readonly #ids: number[] = [];
	#count = 0;
	#next = 0;

	get count(): number {
		return this.#count;
	}

	/** An id for the next call. @param host for messages */
	newId(host: string): number {
		if (this.#count >= MOST_CALLS)
			throw new RangeError(`${host} has ${MOST_CALLS} calls under way, and no more are possible`);
		let id = this.#next;
		while (this.#callers[id % MOST_CALLS] !== undefined) id++;
		this.#next = (id + 1) % MOST_IDS;
		return id;
	}

	add(id: number, caller: Caller): void {
		this.#callers[id % MOST_CALLS] = caller;
		this.#ids[id % MOST_CALLS] = id;
		this.#count++;
	}

	find(id: number): Caller | undefined {
		return this.#ids[id % MOST_CALLS] === id ? this.#callers[id % MOST_CALLS] : undefined;
	}

	/** A second answer, or one to a call that was never made, is nobody's. */
	take(id: number): Caller | undefined {
		const caller = this.find(id);
		if (caller === undefined) return undefined;
		this.#callers[id % MOST_CALLS] = undefined;
		this.#count--;
		return caller;
	}

	/** The ids, in the order in which the calls were made. */
	inOrder(): number[] {
		const ids = this.#ids.filter((_, at) => this.#callers[at] !== undefined);
		const age = (id: number) => (this.#next - id + MOST_IDS) % MOST_IDS;
		return ids.sort((a, b) => age(b) - age(a));
	}

	clear(): void {
		this.#callers.length = 0;
		this.#count = 0;
	}
}

/** Ids begin again here, so that they fit into a word with two more bits. */
const MOST_IDS = 2 ** 29;
