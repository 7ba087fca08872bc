import { CannotCross, decodeData, encodeData, type SyncWaitOptions, type WaitOptions } from '@conc/core';
import { ConnectionError } from '../errors.js';
import type { End } from './end.js';
import { BYTES, VALUE } from './frames.js';
import type { Wire } from './wire.js';

/** One end of a socket, whose other end may be any program: what crosses is data. */
export class SocketEnd implements End {
	readonly #wire: Wire;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	get peer(): string {
		return this.#wire.peer;
	}

	get isClosed(): boolean {
		return this.#wire.isClosed;
	}

	async send(value: unknown): Promise<void> {
		return this.#wire.outbox.send(VALUE, this.#encode(value));
	}

	sendSync(value: unknown): void {
		this.#wire.outbox.sendSync(VALUE, this.#encode(value));
	}

	recv(options: WaitOptions | undefined): Promise<unknown> {
		return this.#wire.inbox.take(VALUE, decodeData, options);
	}

	recvSync(options: SyncWaitOptions | undefined): unknown {
		return this.#wire.inbox.takeSync(VALUE, decodeData, options);
	}

	async sendBytes(bytes: Uint8Array): Promise<void> {
		this.#wire.outbox.check();
		return this.#wire.outbox.send(BYTES, new Uint8Array(this.#fitting(bytes)));
	}

	recvBytes(options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>> {
		return this.#wire.inbox.take(BYTES, (body) => new Uint8Array(body), options);
	}

	poll(options: WaitOptions | undefined): Promise<boolean> {
		return this.#wire.inbox.poll(options);
	}

	pollSync(options: SyncWaitOptions | undefined): boolean {
		return this.#wire.inbox.pollSync(options);
	}

	close(): void {
		this.#wire.close();
	}

	share(): never {
		throw new CannotCross(
			`is a connection to ${this.peer}, whose socket belongs to this thread`,
			'connect from there, or send an end of a Pipe',
		);
	}

	sent(): undefined {}

	#encode(value: unknown): Uint8Array {
		this.#wire.outbox.check();
		return this.#fitting(encodeData(value, 'a message', 'message'));
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
