import type { Baggage } from '../baggage.js';
import type { FarChannel } from '../channel/channel.js';
import type { Endpoint } from '../channel/endpoint.js';
import { besideCall, type Message } from '../channel/protocol.js';
import { unloadMessage } from './load.js';
import { type Outcome, outcomeOf, runEach, type Target } from './outcome.js';
import type { CallSlot } from './slot.js';
import { Demand, iteratorOf, runStream } from './stream.js';

type CallMessage = Message & { type: 'call' };

/** A call taken apart. */
interface Opened {
	readonly fn: Target;
	readonly args: unknown[];
	readonly baggage: Baggage;
}

/** Calls that came as messages: they wait for their turn, are taken apart, and run as a single call, a map or a stream. */
export class PostedCalls {
	readonly #endpoint: Endpoint;
	readonly #channel: FarChannel;
	readonly #slot: CallSlot;
	/** Until it is their turn. */
	readonly #waiting = new Map<number, CallMessage>();
	/** Of streams, until they are over. */
	readonly #demands = new Map<number, Demand>();

	constructor(endpoint: Endpoint, channel: FarChannel, slot: CallSlot) {
		this.#endpoint = endpoint;
		this.#channel = channel;
		this.#slot = slot;
	}

	add(message: CallMessage): void {
		const { id, mode, payload, packed } = message;
		this.#waiting.set(id, message);
		if (mode === 'stream') this.#demands.set(id, new Demand(0));
		this.#endpoint.expect(payload, id);
		if (packed !== null) this.#endpoint.expect(packed, besideCall(id));
	}

	/** Whether it has come and waits for its turn. */
	has(id: number): boolean {
		return this.#waiting.has(id);
	}

	/** So many more items of a stream are wanted. */
	pull(id: number, items: number): void {
		this.#demands.get(id)?.add(items);
	}

	/** No more items of a stream are wanted. */
	finish(id: number): void {
		this.#demands.get(id)?.finish();
	}

	/** It was taken back: its turn never comes. */
	drop(id: number): void {
		const message = this.#take(id);
		if (message !== undefined) this.forget(message);
	}

	/** It is its turn. */
	next(id: number): CallMessage {
		return this.#take(id) as CallMessage;
	}

	/** The message may not have been looked at yet: it left before, but by another way. */
	#take(id: number): CallMessage | undefined {
		if (!this.#waiting.has(id)) this.#channel.drain();
		const message = this.#waiting.get(id);
		this.#waiting.delete(id);
		return message;
	}

	/** It is over, or never will be. */
	forget({ id, packed }: CallMessage): void {
		this.#demands.delete(id);
		this.#endpoint.ended(id);
		if (packed !== null) this.#endpoint.ended(besideCall(id));
	}

	async open(message: CallMessage): Promise<Opened> {
		const opened = this.#endpoint.openFor(message.payload, message.id);
		const content = opened instanceof Promise ? await opened : opened;
		const unloading = unloadMessage(message, this.#endpoint);
		const baggage = unloading instanceof Promise ? await unloading : unloading;
		if (message.constant === null) return { ...(content as { fn: Target; args: unknown[] }), baggage };
		const known = this.#endpoint.constant(message.constant);
		const fn = known instanceof Promise ? await known : known;
		return { fn: fn as Target, args: content as unknown[], baggage };
	}

	/** @param subject the function, for messages */
	run({ id, mode }: CallMessage, { fn, args }: Opened, subject: string): Promise<Outcome> {
		if (mode === 'stream') return this.#stream(id, fn, args, subject);
		return mode === 'apply' ? outcomeOf(fn, args) : runEach(fn, args, mode);
	}

	/** The first items are wanted as soon as it runs; how many, a message says that came after the call. */
	async #stream(id: number, fn: Target, args: unknown[], subject: string): Promise<Outcome> {
		const demand = this.#demands.get(id) as Demand;
		const options = { subject: `an item of ${subject}`, root: 'item' };
		const send = (item: unknown) => {
			const payload = this.#endpoint.prepare(this.#endpoint.encode(item, options), null);
			this.#slot.tell({ type: 'item', id, payload });
		};
		const turn = async () => {
			await new Promise((resolve) => setImmediate(resolve));
			this.#channel.drain(); // what has come since the event loop looked
		};
		try {
			return { ok: true, value: await runStream(iteratorOf(await fn(...args)), demand, send, turn) };
		} catch (error) {
			return { ok: false, value: error };
		}
	}
}
