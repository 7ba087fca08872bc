import { Socket } from 'node:net';
import {
	allArrived,
	CannotCross,
	jsonOf,
	Look,
	Parcel,
	packValue,
	parseJson,
	type SyncWaitOptions,
	type WaitOptions,
} from '@conc/core';
import { BYTES, VALUE } from '../connection/frames.js';
import { Wire } from '../connection/wire.js';
import { ConnectionError } from '../errors.js';
import { contentOf, isBytes, type Message } from './message.js';

export type Direction = 'both' | 'in' | 'out';

/** What goes along with the socket when an end moves: what has come for it and was not taken. */
export interface Unread {
	readonly messages: Message[];
	readonly bytes: Uint8Array;
}

export const nothingUnread: Unread = { messages: [], bytes: new Uint8Array(0) };

const MOST_BYTES = 2 ** 30;
const PEER = 'the other end of the pipe';

// How a value is packed: its first byte.
const TEXT = 0;
const PACKED = 1;
const PACKED_WITH_NEEDS = 2;

/** An end of a pipe that leads straight to another process: nobody else has either end. */
export class DirectEnd {
	readonly peer = PEER;
	readonly socket: Socket;
	readonly direction: Direction;
	readonly #wire: Wire;
	/** What comes before all that is in the socket. */
	readonly #first: Message[];
	/** A value that came and could not be opened at once. */
	#unopened: Parcel | null = null;

	constructor(socket: Socket, direction: Direction, { messages, bytes }: Unread) {
		this.socket = socket;
		this.direction = direction;
		this.#first = [...messages];
		this.#wire = new Wire(socket, PEER, MOST_BYTES);
		this.#wire.inbox.begin(bytes);
	}

	/** That of a process which has it from its start. */
	static inherited(fd: number, direction: Direction, unread: Unread): DirectEnd {
		const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
		return new DirectEnd(socket, direction, unread);
	}

	get isClosed(): boolean {
		return this.#wire.isClosed;
	}

	async send(value: unknown): Promise<void> {
		return this.#wire.outbox.send(VALUE, this.#pack(value));
	}

	sendSync(value: unknown): void {
		this.#wire.outbox.sendSync(VALUE, this.#pack(value));
	}

	async sendBytes(bytes: Uint8Array): Promise<void> {
		this.#checkSends();
		return this.#wire.outbox.send(BYTES, new Uint8Array(bytes));
	}

	async recv(options: WaitOptions | undefined): Promise<unknown> {
		this.#checkReceives();
		const first = this.#takeFirst(false);
		if (first !== undefined) return contentOf(first);
		const found = this.#unopened ?? (await this.#wire.inbox.take(VALUE, unpack, options));
		this.#unopened = null;
		if (!(found instanceof Parcel)) return found.value;
		if (!found.isReady) await found.prepare();
		const value = [found.open()]; // in a list, as it may have a method `then`
		await allArrived();
		return value[0];
	}

	recvSync(options: SyncWaitOptions | undefined): unknown {
		this.#checkReceives();
		const first = this.#takeFirst(false);
		if (first !== undefined) return contentOf(first);
		const found = this.#unopened ?? this.#wire.inbox.takeSync(VALUE, unpack, options);
		if (!(found instanceof Parcel)) return found.value;
		this.#unopened = found.isReady ? null : found;
		if (this.#unopened === null) return found.open();
		throw new TypeError(
			`the next message from ${PEER} needs a module that was not imported in this thread\n  → use recv(), which imports it`,
		);
	}

	async recvBytes(options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>> {
		this.#checkReceives();
		const first = this.#takeFirst(true);
		if (first !== undefined && isBytes(first)) return first[1];
		return this.#wire.inbox.take(BYTES, (body) => new Uint8Array(body), options);
	}

	async poll(options: WaitOptions | undefined): Promise<boolean> {
		this.#checkReceives();
		return this.#hasFirst || this.#wire.inbox.poll(options);
	}

	pollSync(options: SyncWaitOptions | undefined): boolean {
		this.#checkReceives();
		return this.#hasFirst || this.#wire.inbox.pollSync(options);
	}

	close(): void {
		this.#wire.close();
	}

	/** Takes all that has come, for where the socket goes. */
	move(): Unread {
		if (!this.#wire.outbox.isEmpty)
			throw new CannotCross('still sends a message', 'await what send() returned before it is given away');
		if (this.#unopened !== null)
			throw new CannotCross('has a message that recv() has to import a module for', 'take it first');
		return { messages: this.#first.splice(0), bytes: this.#wire.inbox.rest() };
	}

	/** It did not move after all. */
	restore({ messages, bytes }: Unread): void {
		this.#first.push(...messages);
		this.#wire.inbox.begin(bytes);
	}

	/** Sends what was sent before it led there. */
	async sendBefore(messages: readonly Message[]): Promise<void> {
		for (const message of messages) {
			if (isBytes(message)) await this.sendBytes(message[1]);
			else await this.send(contentOf(message));
		}
	}

	get #hasFirst(): boolean {
		return this.#first.length > 0 || this.#unopened !== null;
	}

	/** Undefined when there is none. */
	#takeFirst(bytes: boolean): Message | undefined {
		const [first] = this.#first;
		if (first === undefined) return undefined;
		if (isBytes(first) !== bytes) {
			const [what, way] = bytes ? ['is a value', 'recv'] : ['is bytes', 'recvBytes'];
			throw new ConnectionError(`the next message from ${PEER} ${what}: take it with ${way}()`);
		}
		return this.#first.shift();
	}

	#pack(value: unknown): Uint8Array {
		this.#checkSends();
		const text = jsonOf([value], new Look());
		if (text !== null) return Buffer.from(`\0${text}`);
		const { bytes, hasNeeds } = packValue(value, 'a message', 'process');
		return Buffer.concat([Buffer.of(hasNeeds ? PACKED_WITH_NEEDS : PACKED), bytes]);
	}

	#checkSends(): void {
		this.#wire.outbox.check();
		if (this.direction === 'in') throw wrongWay('receives, and does not send');
	}

	#checkReceives(): void {
		if (this.direction === 'out') throw wrongWay('sends, and does not receive');
	}
}

/** A value, or the parcel it is in. The bytes are there only until this returns. */
function unpack(body: Uint8Array): { readonly value: unknown } | Parcel {
	const form = body[0];
	if (form === TEXT) {
		const text = Buffer.from(body.buffer, body.byteOffset + 1, body.byteLength - 1).toString();
		return { value: (parseJson(text) as unknown[])[0] };
	}
	return new Parcel({ bytes: body.slice(1), hasNeeds: form === PACKED_WITH_NEEDS });
}

export function wrongWay(what: string): ConnectionError {
	return new ConnectionError(
		`this end of the pipe only ${what}\n  → use the other one, or Pipe() with both directions`,
	);
}
