/** What a frame holds: a value, bytes of the user's, or a step of the handshake. */
export const VALUE = 0xc1;
export const BYTES = 0xc2;
export const HANDSHAKE = 0xc3;

export type Kind = typeof VALUE | typeof BYTES | typeof HANDSHAKE;

/** One of the kinds, and a length. */
const HEADER_BYTES = 5;
/** What is shorter leaves in one piece with its header. */
const SHORT_BYTES = 0x1000;

export interface Frame {
	readonly kind: Kind;
	/** Only until more is read. */
	readonly body: Uint8Array;
}

/** A frame as it leaves. */
export function framed(kind: Kind, body: Uint8Array): Buffer[] {
	const header = Buffer.allocUnsafe(HEADER_BYTES);
	header.writeUInt8(kind);
	header.writeUInt32LE(body.length, 1);
	if (body.length < SHORT_BYTES) return [Buffer.concat([header, body])];
	return [header, Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
}

/** Cuts a stream of bytes into frames. No more memory is taken than there are bytes, whatever a header says. */
export class Frames {
	/** What has come and is not cut yet lies between the two. */
	#bytes: Buffer = Buffer.alloc(0);
	#from = 0;
	#to = 0;

	push(chunk: Buffer): void {
		const length = this.#to - this.#from;
		if (length === 0) {
			this.#bytes = chunk;
			this.#from = 0;
			this.#to = chunk.length;
			return;
		}
		if (this.#to + chunk.length > this.#bytes.length) this.#move(length, length + chunk.length);
		chunk.copy(this.#bytes, this.#to);
		this.#to += chunk.length;
	}

	/** The first frame, null when it is not complete. Throws a RangeError for what is none, or longer than `limit`. */
	peek(limit: number): Frame | null {
		const kind = this.#bytes[this.#from];
		if (this.isEmpty || kind === undefined) return null;
		if (kind !== VALUE && kind !== BYTES && kind !== HANDSHAKE) throw new RangeError('it is no message');
		const begin = this.#from + HEADER_BYTES;
		if (begin > this.#to) return null;
		const length = this.#bytes.readUInt32LE(this.#from + 1);
		if (length > limit) throw new RangeError(`it is a message of ${length} bytes, and ${limit} are allowed`);
		if (begin + length > this.#to) return null;
		return { kind, body: this.#bytes.subarray(begin, begin + length) };
	}

	/** Goes on to what follows a frame that was looked at. */
	drop({ body }: Frame): void {
		this.#from += HEADER_BYTES + body.length;
		if (this.isEmpty) this.clear();
	}

	/** Whether nothing has come that is not cut yet. */
	get isEmpty(): boolean {
		return this.#from === this.#to;
	}

	/** Takes all that is not cut yet. */
	rest(): Buffer {
		const rest = Buffer.from(this.#bytes.subarray(this.#from, this.#to));
		this.clear();
		return rest;
	}

	clear(): void {
		this.#bytes = Buffer.alloc(0);
		this.#from = this.#to = 0;
	}

	/** Twice what is needed, so that a long frame is not moved with every piece of it. */
	#move(length: number, needed: number): void {
		const room = Buffer.allocUnsafeSlow(needed * 2);
		this.#bytes.copy(room, 0, this.#from, this.#to);
		this.#bytes = room;
		this.#from = 0;
		this.#to = length;
	}
}
