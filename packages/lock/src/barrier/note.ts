const ROUND = 0; // the round whose action failed
const LENGTH = 1; // of the text, in bytes
const HEADER_BYTES = 8;
const TEXT_BYTES = 504;

const NO_ROUND = 0;

/** Bytes a note takes. */
export const NOTE_BYTES = HEADER_BYTES + TEXT_BYTES;

/** What the error of an action said, for the threads that cannot have the error itself. */
export class Note {
	readonly #words: Int32Array;
	readonly #text: Uint8Array;

	constructor(memory: SharedArrayBuffer, offset: number) {
		this.#words = new Int32Array(memory, offset, HEADER_BYTES / 4);
		this.#text = new Uint8Array(memory, offset + HEADER_BYTES, TEXT_BYTES);
	}

	/** Written before the round is broken: who sees it broken finds the text. */
	write(round: number, text: string): void {
		const bytes = Buffer.from(text).subarray(0, TEXT_BYTES);
		Atomics.store(this.#words, ROUND, NO_ROUND);
		this.#text.set(bytes);
		Atomics.store(this.#words, LENGTH, bytes.length);
		Atomics.store(this.#words, ROUND, round);
	}

	/** The text of this round; undefined when there is none, or a later round's in its place. */
	read(round: number): string | undefined {
		if (Atomics.load(this.#words, ROUND) !== round) return undefined;
		const text = Buffer.from(this.#text.slice(0, Atomics.load(this.#words, LENGTH))).toString();
		return Atomics.load(this.#words, ROUND) === round ? text : undefined;
	}
}
