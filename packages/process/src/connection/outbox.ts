import type { Socket } from 'node:net';
import { descriptorOf, Outlet } from '@conc/core';
import { ConnectionError, EndOfStreamError } from '../errors.js';
import { framed, type Kind } from './frames.js';
import type { Hold } from './hold.js';

/** A message that has not left yet. */
interface Leaving {
	/** How many bytes have left when the last of its own has. */
	readonly end: number;
	readonly sent: () => void;
	readonly failed: (error: Error) => void;
}

/** Sends frames in the order in which they are given, whether their sender waits or blocks. */
export class Outbox {
	readonly #outlet: Outlet;
	readonly #peer: string;
	readonly #hold: Hold;
	readonly #leaving: Leaving[] = [];
	#given = 0;
	#left = 0;
	#end: Error | null = null;

	constructor(socket: Socket, peer: string, hold: Hold) {
		this.#peer = peer;
		this.#hold = hold;
		this.#outlet = new Outlet(socket, descriptorOf(socket), {
			wrote: (bytes) => this.#wrote(bytes),
			broke: (cause) => this.end(this.#gone(cause)),
		});
	}

	/** Resolves when the system has all of it. */
	async send(kind: Kind, body: Uint8Array): Promise<void> {
		this.#give(kind, body);
		if (this.#left === this.#given) return;
		this.#hold.take();
		try {
			await new Promise<void>((sent, failed) => this.#leaving.push({ end: this.#given, sent, failed }));
		} finally {
			this.#hold.release();
		}
	}

	/** Blocks until the system has all of it. */
	sendSync(kind: Kind, body: Uint8Array): void {
		this.#give(kind, body);
		this.#outlet.flushSync();
		if (this.#end !== null) throw this.#end;
	}

	/** Everything that was given has left. */
	get isEmpty(): boolean {
		return this.#left === this.#given;
	}

	/** Nothing is sent any more; what has not left is refused with this error. */
	end(error: Error): void {
		if (this.#end !== null) return;
		this.#end = error;
		this.#outlet.close();
		for (const { failed } of this.#leaving.splice(0)) failed(error);
	}

	/** The other end is gone. */
	peerEnded(): void {
		this.end(this.#gone());
	}

	/** Throws when nothing can be sent. */
	check(): void {
		if (this.#end !== null) throw this.#end;
	}

	#give(kind: Kind, body: Uint8Array): void {
		this.check();
		const frames = framed(kind, body);
		for (const frame of frames) this.#given += frame.length;
		this.#outlet.write(...frames);
		this.check();
	}

	#wrote(bytes: number): void {
		this.#left += bytes;
		let count = 0;
		for (const { end } of this.#leaving) {
			if (end > this.#left) break;
			count++;
		}
		for (const { sent } of this.#leaving.splice(0, count)) sent();
	}

	#gone(cause?: unknown): Error {
		// The end of this one is told by its socket.
		if ((cause as { code?: unknown } | undefined)?.code === 'EBADF')
			return new ConnectionError(`the connection to ${this.#peer} is closed`, { cause });
		const message = `cannot send to ${this.#peer}: its end of the connection is closed`;
		return new EndOfStreamError(message, cause === undefined ? undefined : { cause });
	}
}
