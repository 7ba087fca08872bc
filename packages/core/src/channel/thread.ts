import { type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads';
import { now } from '../clock.js';
import type { Small } from '../codec/small.js';
import type { FarChannel, FarReceiver, NearChannel, NearReceiver, Receiver } from './channel.js';
import { Claims } from './claims.js';
import { Patience } from './patience.js';
import type { Message } from './protocol.js';
import type { Rec } from './records.js';
import { Ring } from './ring.js';

/** What both ends of the channel to a thread share. */
export interface Lanes {
	readonly port: MessagePort;
	readonly calls: SharedArrayBuffer;
	readonly answers: SharedArrayBuffer;
	readonly claims: SharedArrayBuffer;
}

/** Wakes the reader of a ring; there is nothing in it. */
const KNOCK = 0;

/** For so long a thread without a call looks for the next before it sleeps: to be woken takes longer. */
const LOOK_MS = 0.05;
/** How long an answer may wait to be noticed while short calls run. */
const UNNOTICED_MS = 0.05;

export function makeLanes(port: MessagePort, bytes: number): Lanes {
	return { port, calls: Ring.memory(bytes), answers: Ring.memory(bytes), claims: Claims.memory() };
}

/** To move so many bytes takes less than to copy them. */
const LONG_BYTES = 0x1_0000;

/** What the two ends have in common: a port, one ring to write and one to read. */
class End {
	protected readonly port: MessagePort;
	protected readonly out: Ring;
	protected readonly in: Ring;
	readonly #to: Receiver;
	#messages: Message[] = [];
	#isScheduled = false;

	constructor(port: MessagePort, out: SharedArrayBuffer, into: SharedArrayBuffer, to: Receiver) {
		this.port = port;
		this.#to = to;
		this.out = new Ring(out);
		this.in = new Ring(into);
	}

	post(message: Message): void {
		const items = moved(message);
		if (items.length > 0) {
			// By itself and at once: what cannot be moved is refused at the call, and takes no other with it.
			this.flush();
			this.port.postMessage([message], items);
		} else this.#messages.push(message);
		this.schedule();
	}

	flush(): void {
		this.#isScheduled = false;
		const messages = this.#messages;
		// They make the reader look at the ring as well, if there is all that is to be seen.
		const isKnocking = messages.length > 0 && this.out.isPublished;
		if (messages.length > 0) {
			this.#messages = [];
			this.port.postMessage(messages);
		}
		this.out.publish(); // after the messages that it may be about
		if (!isKnocking && this.out.wakes()) this.port.postMessage(KNOCK);
	}

	protected get hasMessages(): boolean {
		return this.#messages.length > 0;
	}

	send(): boolean {
		this.flush();
		return false; // it is there at once
	}

	ref(): void {
		this.port.ref();
	}

	unref(): void {
		this.port.unref();
	}

	close(): void {
		this.port.close();
	}

	/** Sends what was posted or written at the end of the turn. */
	protected schedule(): void {
		if (this.#isScheduled) return;
		this.#isScheduled = true;
		queueMicrotask(() => {
			if (this.#isScheduled) this.flush();
		});
	}

	protected deliver(messages: Message[] | typeof KNOCK): void {
		if (messages !== KNOCK) for (const message of messages) this.take(message);
	}

	protected take(message: Message): void {
		this.#to.receive(message);
	}

	/** Everything that waits in the port; false when that was nothing. */
	protected receiveAll(): boolean {
		let moved = false;
		for (
			let next = receiveMessageOnPort(this.port);
			next !== undefined;
			next = receiveMessageOnPort(this.port)
		) {
			this.deliver(next.message);
			moved = true;
		}
		return moved;
	}
}

/** The near end of the channel to a thread. */
export class NearThreadChannel extends End implements NearChannel {
	readonly #claims: Claims;
	readonly #receiver: NearReceiver;
	/** Answers that have come by the port, until it is their turn. */
	readonly #posted = new Map<number, Message>();
	/** The call whose answer is the next, and comes by the port; -1 when the ring says more. */
	#due = -1;

	constructor({ port, calls, answers, claims }: Lanes, receiver: NearReceiver) {
		super(port, calls, answers, receiver);
		this.#claims = new Claims(claims);
		this.#receiver = receiver;
		port.on('message', (messages) => this.#receive(messages));
		port.on('close', () => receiver.closed());
	}

	override post(message: Message): void {
		super.post(message);
		if (message.type !== 'call') return;
		this.#claims.send(message.id);
		this.out.write(message.id, 0, null); // it is in turn with the others
	}

	call(id: number, constant: number, values: readonly Small[]): boolean {
		if (!this.out.write(id, constant, values)) return false;
		this.#claims.send(id);
		this.schedule();
		return true;
	}

	takeBack(id: number): boolean {
		return this.#claims.takeBack(id);
	}

	hasBegun(id: number): boolean {
		return !this.#claims.takeBack(id);
	}

	get hasRoom(): boolean {
		return this.out.hasRoom;
	}

	drain(): boolean {
		const moved = this.receiveAll();
		return this.#readAll() || moved;
	}

	protected override take(message: Message): void {
		if (message.type === 'result') this.#posted.set(message.id, message);
		else super.take(message);
	}

	#receive(messages: Message[] | typeof KNOCK): void {
		this.deliver(messages);
		this.#readAll();
	}

	/** What comes after it wakes this end again. */
	#readAll(): boolean {
		let moved = false;
		do
			while (this.#tellPosted()) {
				const record = this.in.read();
				if (record === null) break;
				if (record.values === null) this.#due = record.id;
				else this.#receiver.answered(record.id, record.about, record.values[0]);
				moved = true;
			}
		while (this.#due === -1 && !this.in.sleep());
		return moved;
	}

	/** False when the next answer is still to come by the port, which wakes this end then. */
	#tellPosted(): boolean {
		if (this.#due === -1) return true;
		const message = this.#posted.get(this.#due);
		if (message === undefined) return false;
		this.#posted.delete(this.#due);
		this.#due = -1;
		this.#receiver.receive(message);
		return true;
	}
}

/** The far end, in the thread. */
export class FarThreadChannel extends End implements FarChannel {
	readonly #claims: Claims;
	readonly #receiver: FarReceiver;
	readonly #patience = new Patience(LOOK_MS, () => this.in.hasMore);
	/** When the first answer was given that has not been announced, 0 when there is none. */
	#unnoticedSince = 0;

	constructor({ port, calls, answers, claims }: Lanes, receiver: FarReceiver) {
		super(port, answers, calls, receiver);
		this.#claims = new Claims(claims);
		this.#receiver = receiver;
		port.on('message', (messages) => {
			this.deliver(messages);
			receiver.arrived();
		});
		port.on('close', () => receiver.closed());
	}

	override post(message: Message): void {
		if (message.type === 'result') {
			// It is in turn with the others; and that is said first, since the message wakes the reader of both.
			this.out.write(message.id, 0, null);
			this.out.publish();
		}
		super.post(message);
	}

	next(): Rec | null {
		// A call begins when what came before it cannot get lost any more.
		if (this.hasMessages) this.flush();
		for (let call = this.in.read(); call !== null; call = this.in.read()) {
			if (this.#claims.begin(call.id)) return call;
			if (call.values === null) this.#receiver.dropped(call.id);
		}
		return null;
	}

	/** The other end takes back what it wants itself. */
	giveBack(): number[] {
		return [];
	}

	answer(id: number, microseconds: number, value: Small): boolean {
		if (!this.out.write(id, microseconds, [value])) return false;
		this.out.publish();
		if (this.#unnoticedSince === 0) this.#unnoticedSince = now();
		return true;
	}

	secure(isShort: boolean): boolean {
		// What is in the ring is safe; what was posted is not.
		const isNoticed = this.#unnoticedSince === 0 && !this.hasMessages;
		const canWait = isShort && !this.hasMessages && now() - this.#unnoticedSince < UNNOTICED_MS;
		if (!isNoticed && !canWait) this.#announce();
		return true;
	}

	rest(): boolean {
		this.#announce();
		return !this.#patience.look() && this.in.sleep();
	}

	drain(): boolean {
		return this.receiveAll();
	}

	#announce(): void {
		this.#unnoticedSince = 0;
		this.flush();
	}
}

/** What goes without a copy: what the caller moves, and the bytes of a long result, which nobody needs any more. */
function moved(message: Message): Transferable[] {
	if (!('payload' in message) || typeof message.payload !== 'object') return [];
	const { moved, bytes } = message.payload;
	const isOwn = bytes.length >= LONG_BYTES && bytes.length === bytes.buffer.byteLength;
	return isOwn && message.type === 'result' ? [...moved, bytes.buffer as ArrayBuffer] : moved;
}
