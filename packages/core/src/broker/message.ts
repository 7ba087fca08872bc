import { deserialize, serialize } from 'node:v8';

// A message is a list, and a frame a list of messages: its length, the form it has, and its bytes.
const HEADER_BYTES = 5;
const JSON_FORM = 0;
const V8_FORM = 1;
/** A frame that is so long takes no more. */
const LONG_TEXT = 0x1_0000;

/** What the two ends say to each other, by the first entry of the list. */
export const HELLO = 0; // [HELLO, client, lane]
export const ASK = 1; // [ASK, id, target, part, member, args, timeout]
export const CANCEL = 2; // [CANCEL, id]
export const DROP = 3; // [DROP, target]
export const DONE = 4; // [DONE, id, value]
export const FAILED = 5; // [FAILED, id, failure]
export const BEAT = 6; // [BEAT]: whoever blocks is still waited on
export const GIVEN = 7; // [GIVEN, id, value]: DONE, and it is to be said whether it was taken
export const TOOK = 8; // [TOOK, id]
export const REFUSED = 9; // [REFUSED, id]
export const HOLD = 10; // [HOLD, target]: somebody here has it, until DROP

export type Message = readonly unknown[];

/** A client's connection for its event loop, the one for its blocking calls, and one made while it blocked already. */
export const LANES = ['events', 'blocking', 'urgent'] as const;
export type Lane = (typeof LANES)[number];

/** The frame of one message. */
export function frameOf(message: Message): Buffer {
	return isPlain(message) ? textFrame(JSON.stringify(message)) : v8Frame(message);
}

/** Messages that leave together. */
export class Batch {
	#frames: Buffer[] = [];
	#text = '';
	#count = 0;

	/** How many there are. */
	get count(): number {
		return this.#count;
	}

	/** Throws for what cannot be sent. */
	add(message: Message): void {
		if (isPlain(message)) {
			const text = JSON.stringify(message);
			this.#text = this.#text === '' ? text : `${this.#text},${text}`;
			if (this.#text.length > LONG_TEXT) this.#close();
		} else {
			const frame = v8Frame(message);
			this.#close();
			this.#frames.push(frame);
		}
		this.#count++;
	}

	/** Their frames; there are none after that. */
	take(): Buffer[] {
		this.#close();
		const frames = this.#frames;
		this.#frames = [];
		this.#count = 0;
		return frames;
	}

	#close(): void {
		if (this.#text === '') return;
		this.#frames.push(textFrame(this.#text));
		this.#text = '';
	}
}

/** @param texts of messages, with commas between them */
function textFrame(texts: string): Buffer {
	const frame = Buffer.allocUnsafe(HEADER_BYTES + 2 + 3 * texts.length);
	const length = frame.write(`[${texts}]`, HEADER_BYTES);
	return headed(frame.subarray(0, HEADER_BYTES + length), JSON_FORM);
}

function v8Frame(message: Message): Buffer {
	return headed(Buffer.concat([Buffer.allocUnsafe(HEADER_BYTES), serialize([message])]), V8_FORM);
}

function headed(frame: Buffer, form: number): Buffer {
	frame.writeUInt32LE(frame.length - HEADER_BYTES);
	frame[HEADER_BYTES - 1] = form;
	return frame;
}

/** Whether JSON gives it back as it was. */
function isPlain(message: Message): boolean {
	for (const part of message) {
		if (typeof part === 'string' || typeof part === 'boolean' || part === null) continue;
		if (typeof part === 'number' && Number.isFinite(part) && !Object.is(part, -0)) continue;
		if (!Array.isArray(part) || !isPlain(part)) return false;
	}
	return true;
}

/** Makes messages of a stream of bytes, whatever pieces it comes in. */
export class Messages {
	readonly #longest: number;
	/** What did not make up a message yet, and how long that has to be at least. */
	#chunks: Buffer[] = [];
	#length = 0;
	#wanted = HEADER_BYTES;

	/** @param longest the most bytes a message has: what says that it has more is refused */
	constructor(longest = Number.POSITIVE_INFINITY) {
		this.#longest = longest;
	}

	/** Gives the messages that are complete with this piece. Throws for what is none. */
	push(chunk: Buffer, deliver: (message: Message) => void): void {
		this.#chunks.push(chunk);
		this.#length += chunk.length;
		if (this.#length < this.#wanted) return;
		const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
		let at = 0;
		for (;;) {
			this.#wanted = HEADER_BYTES;
			if (at + HEADER_BYTES > bytes.length) break;
			const length = bytes.readUInt32LE(at);
			if (length > this.#longest) throw new RangeError(`a message of ${length} bytes`);
			this.#wanted += length;
			const end = at + this.#wanted;
			if (end > bytes.length) break;
			const begin = at + HEADER_BYTES;
			at = end;
			for (const message of messagesOf(bytes[begin - 1] as number, bytes.subarray(begin, end)))
				deliver(message);
		}
		this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)];
		this.#length = bytes.length - at;
	}
}

function messagesOf(form: number, body: Buffer): Message[] {
	const messages: unknown = form === JSON_FORM ? JSON.parse(body.toString()) : deserialize(body);
	if (!Array.isArray(messages) || !messages.every(Array.isArray))
		throw new TypeError('bytes that are no messages');
	return messages as Message[];
}
