import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { deserialize, Serializer } from 'node:v8';
import { Batch, type Channel, type Receiver } from './channel.js';
import { descriptorOf, type Outlet } from './outlet.js';
import type { Message } from './protocol.js';

/** A mark no text begins with, and a length. */
const HEADER_BYTES = 8;
const MARK = 0xc0c0fade;
/** A batch is not let grow beyond this, so that no frame is too long but for a single payload that is. */
const BATCH_BYTES = 1 << 26;

/** The channel between two processes: a batch is one length-prefixed frame on an inherited socket. */
export function processChannel(socket: Socket, outlet: Outlet, receiver: Receiver): Channel {
	let waitingBytes = 0;
	const batch = new Batch((messages) => {
		waitingBytes = 0;
		outlet.write(...framed(serialize(messages)));
	});
	const frames = new Frames((bytes) => {
		for (const message of deserialize(bytes) as Message[]) receiver.receive(message);
	});
	let failure: Error | undefined;
	const take = (chunk: Buffer) => {
		if (failure !== undefined) return;
		try {
			frames.push(chunk);
		} catch (cause) {
			failure = new Error(
				'what came through its channel is no message: code in it wrote to file descriptor 3',
				{
					cause,
				},
			);
			socket.destroy();
		}
	};
	socket.on('data', take);
	socket.on('close', () => receiver.closed(failure));
	// The end of the other process is learned from its exit; a broken pipe here says nothing more.
	socket.on('error', () => {});
	return {
		post(message) {
			batch.add(message);
			waitingBytes +=
				'payload' in message && typeof message.payload === 'object' ? message.payload.bytes.length : 0;
			if (waitingBytes > BATCH_BYTES) batch.flush();
		},
		flush() {
			batch.flush();
			outlet.flushSync();
		},
		send() {
			batch.flush();
			return outlet.writeWhatFits();
		},
		drain: () => pull(socket, take),
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
function pull(socket: Socket, take: (chunk: Buffer) => void): boolean {
	const fd = descriptorOf(socket);
	let pulled = false;
	for (;;) {
		const chunk = fd === -1 ? socket.read() : readNow(fd);
		if (chunk === null) return pulled;
		pulled = true;
		take(chunk);
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

/** A frame: a header, then its bytes. */
export function framed(bytes: Buffer): [header: Buffer, bytes: Buffer] {
	const header = Buffer.allocUnsafe(HEADER_BYTES);
	header.writeUInt32LE(MARK);
	header.writeUInt32LE(bytes.length, 4);
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
				const header = this.#take(HEADER_BYTES);
				if (header.readUInt32LE() !== MARK) throw new RangeError('bytes that are no frame');
				this.#wanted = header.readUInt32LE(4);
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
