import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { descriptorOf } from './outlet.js';

const CHUNK_BYTES = 0x1_0000;
/** What is shorter is copied, so that the chunk can be used again. */
const SHORT_BYTES = 0x4000;

/** Reads what has arrived at a socket without the event loop. */
export class Intake {
	#room: Buffer | null = null;
	#isAtEnd = false;

	/** Nothing more will come, as reading has found: the other end is closed. */
	get isAtEnd(): boolean {
		return this.#isAtEnd;
	}

	/** False when there was nothing. */
	drain(socket: Socket, take: (chunk: Buffer) => void): boolean {
		const fd = descriptorOf(socket);
		let pulled = false;
		for (;;) {
			const chunk: Buffer | null = fd === -1 ? socket.read() : this.read(fd);
			if (chunk === null) return pulled;
			pulled = true;
			take(chunk);
		}
	}

	/** Takes one piece of what has arrived at a socket that the event loop reads; true also when nothing ever will. */
	pull(socket: Socket, take: (chunk: Buffer) => void): boolean {
		const fd = descriptorOf(socket);
		if (socket.destroyed || fd === -1) return true;
		const chunk = this.read(fd);
		if (chunk !== null) take(chunk);
		return chunk !== null || this.#isAtEnd;
	}

	/** One piece of what has arrived, from the socket's descriptor; null when there was nothing. */
	read(fd: number): Buffer | null {
		this.#room ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
		const room = this.#room;
		// Mostly there is nothing, which is an error, and its stack would cost more than all the rest.
		const { stackTraceLimit } = Error;
		Reflect.set(Error, 'stackTraceLimit', 0);
		let count: number;
		try {
			count = readSync(fd, room);
		} catch (error) {
			this.#isAtEnd ||= (error as { code?: string }).code !== 'EAGAIN';
			return null;
		} finally {
			Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
		}
		this.#isAtEnd ||= count === 0;
		if (count === 0) return null;
		if (count <= SHORT_BYTES) return Buffer.from(room.subarray(0, count));
		this.#room = null;
		return room.subarray(0, count);
	}
}
