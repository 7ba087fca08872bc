import { decodeData, encodeData, type SyncWaitOptions, type WaitOptions } from '@conc/core';
import { ConnectionError, EndOfStreamError } from '../errors.js';
import { BYTES, VALUE } from './frames.js';
import type { Wire } from './wire.js';

/**
 * One end of a stream of messages, between any two programs. (`multiprocessing.connection.Connection`)
 *
 * What crosses is data: everything that crosses to a process but functions, classes and their instances. Messages
 * arrive whole, once, and in the order in which they were sent; what awaits and what blocks may be mixed. A connection
 * keeps this process alive only while something waits in `recv`, `recvBytes` or `poll`, or is being sent.
 *
 * `connect()` and `Listener.accept()` give connections.
 */
export class Connection<T = unknown> {
	readonly #wire: Wire;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	/**
	 * Sends a value as it is now; resolves when the system has it, which takes as long as the other end has too much to
	 * read. Rejects with a CaptureError for what is not data, and with an EndOfStreamError when the other end is
	 * closed. (`Connection.send`)
	 */
	async send(value: T): Promise<void> {
		return this.#wire.outbox.send(VALUE, this.#encode(value));
	}

	/** The same, blocking this thread. Two ends that block for each other with full pipes block for ever. */
	sendSync(value: T): void {
		this.#wire.outbox.sendSync(VALUE, this.#encode(value));
	}

	/**
	 * The next value. Who asks first gets it first; who is aborted or out of time has taken none. Rejects with an
	 * EndOfStreamError when the other end is closed or has died and all it sent has been taken, with a ConnectionError
	 * when what came is no message, which closes the connection. (`Connection.recv`)
	 */
	async recv(options?: WaitOptions): Promise<T> {
		return this.#wire.inbox.take(VALUE, decodeData, options) as Promise<T>;
	}

	/** The same, blocking this thread: its event loop does not turn meanwhile. */
	recvSync(options?: SyncWaitOptions): T {
		return this.#wire.inbox.takeSync(VALUE, decodeData, options) as T;
	}

	/** Sends bytes as they are now, for `recvBytes` at the other end. (`Connection.send_bytes`) */
	async sendBytes(bytes: Uint8Array): Promise<void> {
		return this.#wire.outbox.send(BYTES, this.#bytes(bytes));
	}

	/** The next message, of bytes. One of a value is refused, and stays for `recv`. (`Connection.recv_bytes`) */
	async recvBytes(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
		return this.#wire.inbox.take(BYTES, (body) => new Uint8Array(body), options);
	}

	/**
	 * Whether a message is there to be received, or the end. Looks only, unless it is given a `timeout` to wait for one;
	 * `Infinity` waits for ever. (`Connection.poll`)
	 */
	async poll(options?: WaitOptions): Promise<boolean> {
		return this.#wire.inbox.poll(options);
	}

	/** The same, blocking this thread. */
	pollSync(options?: SyncWaitOptions): boolean {
		return this.#wire.inbox.pollSync(options);
	}

	/** Closed at this end. (`Connection.closed`) */
	get closed(): boolean {
		return this.#wire.isClosed;
	}

	/**
	 * Closes this end; what was sent before arrives, what is still being sent is refused, and so is all that comes after.
	 * Closing twice does nothing. (`Connection.close`)
	 */
	close(): void {
		this.#wire.close();
	}

	/** The values that come, until either end is closed. Leaving the loop does not close the connection. */
	async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
		while (!this.closed) {
			let value: T;
			try {
				value = await this.recv();
			} catch (error) {
				if (error instanceof EndOfStreamError || this.closed) return;
				throw error;
			}
			yield value;
		}
	}

	[Symbol.dispose](): void {
		this.close();
	}

	toString(): string {
		return `Connection(${this.#wire.peer}${this.closed ? ', closed' : ''})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	#encode(value: T): Uint8Array {
		this.#wire.outbox.check();
		return this.#fitting(encodeData(value, 'a message', 'message'));
	}

	#bytes(bytes: unknown): Uint8Array {
		if (!(bytes instanceof Uint8Array)) throw new TypeError('what is sent by sendBytes must be a Uint8Array');
		this.#wire.outbox.check();
		return new Uint8Array(this.#fitting(bytes));
	}

	/** The other end would not take more, as long as it was made in the same way. */
	#fitting(bytes: Uint8Array): Uint8Array {
		const { limit } = this.#wire.inbox;
		if (bytes.length <= limit) return bytes;
		throw new ConnectionError(
			`cannot send a message of ${bytes.length} bytes: maxMessageBytes is ${limit}\n  → send it in parts, or give both ends a greater maxMessageBytes`,
		);
	}
}
