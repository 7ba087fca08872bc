/** A mark no text begins with, and a length. */
export const HEADER_BYTES = 8;
/** A frame holds messages, or records. */
const MESSAGES = 0xc0c0fade;
export const RECORDS = 0xc0c0face;

/** A frame: a header, then its bytes. */
export function framed(bytes: Buffer): [header: Buffer, bytes: Buffer] {
	const header = Buffer.allocUnsafe(HEADER_BYTES);
	header.writeUInt32LE(MESSAGES);
	header.writeUInt32LE(bytes.length, 4);
	return [header, bytes];
}

/** Takes what is between `from` and `to` of these bytes. */
type Deliver = (kind: number, bytes: Buffer, from: number, to: number) => void;

/** Cuts a stream of bytes into frames, whatever pieces it comes in. */
export class Frames {
	readonly #deliver: Deliver;
	/** What did not make up a frame yet, and how long that has to be at least. */
	#chunks: Uint8Array[] = [];
	#isDelivering = false;
	#length = 0;
	#wanted = HEADER_BYTES;

	constructor(deliver: Deliver) {
		this.#deliver = deliver;
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
			if (kind !== MESSAGES && kind !== RECORDS) throw new RangeError('bytes that are no frame');
			this.#wanted += bytes.readUInt32LE(at + 4);
			const end = at + this.#wanted;
			if (end > bytes.length) return at;
			this.#deliver(kind, bytes, at + HEADER_BYTES, end);
			at = end;
		}
	}
}
