/** A mark no text begins with, and a length. */
export const HEADER_BYTES = 8;
/** A frame holds messages, records, or messages as text. */
const MESSAGES = 0xc0c0fade;
export const RECORDS = 0xc0c0face;
export const TEXT = 0xc0c0fabe;

/** A frame: a header, then its bytes. */
export function framed(bytes: Buffer): [header: Buffer, bytes: Buffer] {
	return [writeHeader(Buffer.allocUnsafe(HEADER_BYTES), MESSAGES, bytes.length), bytes];
}

/** Writes the header into the room that a frame has for it. */
export function writeHeader(frame: Buffer, kind: number, length: number): Buffer {
	frame.writeUInt32LE(kind);
	frame.writeUInt32LE(length, 4);
	return frame;
}

/** Takes what is between `from` and `to` of these bytes. */
type Deliver = (kind: number, bytes: Buffer, from: number, to: number) => void;

/** Cuts a stream of bytes into frames, whatever pieces it comes in. Throws for what are none. */
export class Frames {
	readonly #deliver: Deliver;
	readonly #longest: number;
	/** What did not make up a frame yet, and how long that has to be at least. */
	#chunks: Uint8Array[] = [];
	#isDelivering = false;
	#length = 0;
	#wanted = HEADER_BYTES;

	/** @param longest the most bytes that a frame has: what says that it has more is refused */
	constructor(deliver: Deliver, longest = Number.POSITIVE_INFINITY) {
		this.#deliver = deliver;
		this.#longest = longest;
	}

	push(chunk: Buffer): void {
		this.#chunks.push(chunk);
		this.#length += chunk.length;
		// Who is just being told of one frame may ask for the next: that comes in turn.
		if (this.#isDelivering) return;
		this.#isDelivering = true;
		try {
			while (this.#length >= this.#wanted) this.#deliverAll();
		} finally {
			this.#isDelivering = false;
		}
	}

	#deliverAll(): void {
		const [first] = this.#chunks;
		const bytes = this.#chunks.length === 1 ? (first as Buffer) : Buffer.concat(this.#chunks);
		this.#chunks = [];
		this.#length = 0;
		const rest = bytes.subarray(this.#cut(bytes));
		if (rest.length === 0) return;
		this.#chunks.unshift(rest);
		this.#length += rest.length;
	}

	/** Delivers the frames that are complete, and gives where the next begins. */
	#cut(bytes: Buffer): number {
		let at = 0;
		for (;;) {
			this.#wanted = HEADER_BYTES;
			if (at + HEADER_BYTES > bytes.length) return at;
			const kind = bytes.readUInt32LE(at);
			if (kind !== MESSAGES && kind !== RECORDS && kind !== TEXT)
				throw new RangeError('bytes that are no frame');
			const length = bytes.readUInt32LE(at + 4);
			if (length > this.#longest) throw new RangeError(`a frame of ${length} bytes`);
			this.#wanted += length;
			const end = at + this.#wanted;
			if (end > bytes.length) return at;
			this.#deliver(kind, bytes, at + HEADER_BYTES, end);
			at = end;
		}
	}
}
