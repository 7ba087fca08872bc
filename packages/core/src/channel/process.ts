import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { deserialize, Serializer } from 'node:v8';
import { Batch, type Channel, type Receiver } from './channel.js';
import { descriptorOf, type Outlet } from './outlet.js';
import type { Message } from './protocol.js';

const HEADER_BYTES = 4;
/** A longer frame cannot come from the other end, so the stream is broken. */
const MAX_FRAME_BYTES = 0x7fff_ffff;

/** The channel between two processes: a batch is one length-prefixed frame on an inherited socket. */
export function processChannel(socket: Socket, outlet: Outlet, receiver: Receiver): Channel {
	const batch = new Batch((messages) => outlet.write(...framed(serialize(messages))));
	const frames = new Frames((bytes) => {
		for (const message of deserialize(bytes) as Message[]) receiver.receive(message);
	});
	socket.on('data', (chunk) => frames.push(chunk));
	socket.on('close', () => receiver.closed());
	// The end of the other process is learned from its exit; a broken pipe here says nothing more.
	socket.on('error', () => {});
	return {
		post: (message) => batch.add(message),
		flush() {
			batch.flush();
			outlet.flushSync();
		},
		send() {
			batch.flush();
			return outlet.writeWhatFits();
		},
		drain: () => pull(socket, frames),
		ref: () => socket.ref(),
		unref: () => socket.unref(),
		close() {
			outlet.close();
			socket.destroy();
		},
	};
}

const CHUNK_BYTES = 0x1_0000;

/** Reads what has arrived without the event loop; false when it was nothing. */
function pull(socket: Socket, frames: Frames): boolean {
	const fd = descriptorOf(socket);
	let pulled = false;
	for (;;) {
		const chunk = fd === -1 ? socket.read() : readNow(fd);
		if (chunk === null) return pulled;
		pulled = true;
		frames.push(chunk);
	}
}

function readNow(fd: number): Buffer | null {
	const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
	try {
		const count = readSync(fd, chunk);
		return count === 0 ? null : chunk.subarray(0, count);
	} catch {
		return null; // EAGAIN: nothing there; and the end of the other process is learned from its exit
	}
}

/** A frame: its length, then its bytes. */
export function framed(bytes: Buffer): [header: Buffer, bytes: Buffer] {
	const header = Buffer.allocUnsafe(HEADER_BYTES);
	header.writeUInt32LE(bytes.length);
	return [header, bytes];
}

function serialize(messages: Message[]): Buffer {
	const serializer = new Serializer();
	serializer.writeHeader();
	serializer.writeValue(messages);
	return serializer.releaseBuffer();
}

/** Cuts a stream of bytes into frames, whatever pieces it comes in. */
class Frames {
	readonly #deliver: (frame: Buffer) => void;
	#chunks: Buffer[] = [];
	#length = 0;
	#wanted = -1;

	constructor(deliver: (frame: Buffer) => void) {
		this.#deliver = deliver;
	}

	push(chunk: Buffer): void {
		this.#chunks.push(chunk);
		this.#length += chunk.length;
		for (;;) {
			if (this.#wanted === -1) {
				if (this.#length < HEADER_BYTES) return;
				this.#wanted = this.#take(HEADER_BYTES).readUInt32LE();
				if (this.#wanted > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${this.#wanted} bytes`);
			}
			if (this.#length < this.#wanted) return;
			const frame = this.#take(this.#wanted);
			this.#wanted = -1;
			this.#deliver(frame);
		}
	}

	#take(count: number): Buffer {
		this.#length -= count;
		const first = this.#chunks[0];
		if (first !== undefined && first.length > count) {
			this.#chunks[0] = first.subarray(count);
			return first.subarray(0, count);
		}
		if (first !== undefined && first.length === count) return this.#chunks.shift() as Buffer;
		const joined = Buffer.concat(this.#chunks);
		this.#chunks = joined.length > count ? [joined.subarray(count)] : [];
		return joined.subarray(0, count);
	}
}
