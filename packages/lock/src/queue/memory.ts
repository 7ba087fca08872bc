const FIRST_LENGTH = 1 << 16;

/** How much waiting items may take. The system lends memory only as it is used. */
export const MOST_LENGTH = 1 << 30;

/** Shared memory that grows, and views of all there is of it: those of a fixed length are the fast ones. */
export class Memory {
	readonly #buffer: SharedArrayBuffer;
	bytes: Uint8Array = new Uint8Array(0);
	ints: Int32Array = new Int32Array(0);
	floats: Float64Array = new Float64Array(0);

	static make(): SharedArrayBuffer {
		return new SharedArrayBuffer(FIRST_LENGTH, { maxByteLength: MOST_LENGTH });
	}

	constructor(buffer: SharedArrayBuffer) {
		this.#buffer = buffer;
		this.reach(FIRST_LENGTH);
	}

	/** Sees to it that there are so many bytes, and that this thread sees them. */
	reach(length: number): void {
		if (this.bytes.length >= length) return;
		if (this.#buffer.byteLength < length) this.#buffer.grow(length);
		const { byteLength } = this.#buffer;
		this.bytes = new Uint8Array(this.#buffer, 0, byteLength);
		this.ints = new Int32Array(this.#buffer, 0, byteLength / 4);
		this.floats = new Float64Array(this.#buffer, 0, byteLength / 8);
	}
}
