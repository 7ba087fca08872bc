import {
	brand,
	HomeLostError,
	type Medium,
	revive,
	type Shareable,
	type SyncWaitOptions,
	sent,
	share,
	type WaitOptions,
} from '@conc/core';
import { EndOfStreamError } from '../errors.js';
import { PipeEnd, type PipeHandle } from '../pipe/pipe-end.js';
import type { End } from './end.js';

/**
 * One end of a stream of messages. (`multiprocessing.connection.Connection`)
 *
 * `Pipe()` gives the two ends of one; they go to threads and processes as arguments, captured variables, items and
 * messages, and what crosses between them is anything that crosses to a process. `connect()` and `Listener.accept()`
 * give connections to any program: what crosses there is data, so no functions, classes and their instances, and such
 * a connection stays in its thread.
 *
 * Messages arrive whole, once, and in the order in which they were sent; what awaits and what blocks may be mixed. A
 * connection keeps this process alive only while something waits in `recv`, `recvBytes` or `poll`, or is being sent.
 */
export class Connection<T = unknown> implements Shareable {
	readonly #end: End;

	constructor(end: End) {
		this.#end = end;
	}

	/**
	 * Sends a value as it is now; resolves when the system has it, which takes as long as the other end has too much to
	 * read. Rejects with a CaptureError for what is not data, and with an EndOfStreamError when the other end is
	 * closed. (`Connection.send`)
	 */
	async send(value: T): Promise<void> {
		return this.#end.send(value);
	}

	/** The same, blocking this thread. Two ends that block for each other with full pipes block for ever. */
	sendSync(value: T): void {
		this.#end.sendSync(value);
	}

	/**
	 * The next value. Who asks first gets it first; who is aborted or out of time has taken none. Rejects with an
	 * EndOfStreamError when the other end is closed or has died and all it sent has been taken, with a ConnectionError
	 * when what came is no message, which closes the connection. (`Connection.recv`)
	 */
	async recv(options?: WaitOptions): Promise<T> {
		return this.#end.recv(options) as Promise<T>;
	}

	/** The same, blocking this thread: its event loop does not turn meanwhile. */
	recvSync(options?: SyncWaitOptions): T {
		return this.#end.recvSync(options) as T;
	}

	/** Sends bytes as they are now, for `recvBytes` at the other end. (`Connection.send_bytes`) */
	async sendBytes(bytes: Uint8Array): Promise<void> {
		checkBytes(bytes);
		return this.#end.sendBytes(bytes);
	}

	/** The next message, of bytes. One of a value is refused, and stays for `recv`. (`Connection.recv_bytes`) */
	async recvBytes(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
		return this.#end.recvBytes(options);
	}

	/**
	 * Whether a message is there to be received, or the end. Looks only, unless it is given a `timeout` to wait for one;
	 * `Infinity` waits for ever. (`Connection.poll`)
	 */
	async poll(options?: WaitOptions): Promise<boolean> {
		return this.#end.poll(options);
	}

	/** The same, blocking this thread. */
	pollSync(options?: SyncWaitOptions): boolean {
		return this.#end.pollSync(options);
	}

	/** Closed at this end. (`Connection.closed`) */
	get closed(): boolean {
		return this.#end.isClosed;
	}

	/**
	 * Closes this end; what was sent before arrives, what is still being sent is refused, and so is all that comes after.
	 * Closing twice does nothing. (`Connection.close`)
	 */
	close(): void {
		this.#end.close();
	}

	/** The values that come, until either end is closed. Leaving the loop does not close the connection. */
	async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
		while (!this.closed) {
			let value: T;
			try {
				value = await this.recv();
			} catch (error) {
				const isEnd = error instanceof EndOfStreamError && !(error.cause instanceof HomeLostError);
				if (isEnd || this.closed) return;
				throw error; // also when something may be lost
			}
			yield value;
		}
	}

	[Symbol.dispose](): void {
		this.close();
	}

	[share](to: Medium): unknown {
		return this.#end.share(to);
	}

	[sent](): (() => void) | undefined {
		return this.#end.sent();
	}

	static [revive](handle: PipeHandle): Connection {
		return new Connection(PipeEnd.from(handle));
	}

	toString(): string {
		return `Connection(${this.#end.peer}${this.closed ? ', closed' : ''})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}
}
brand(Connection, '@conc/process:Connection');

function checkBytes(bytes: unknown): void {
	if (!(bytes instanceof Uint8Array)) throw new TypeError('what is sent by sendBytes must be a Uint8Array');
}
