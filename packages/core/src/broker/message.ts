import { deserialize, serialize } from 'node:v8';
import { Frames, framed, HEADER_BYTES, TEXT, writeHeader } from '../channel/frames.js';

/** A frame that is so long takes no more. */
const LONG_TEXT = 0x1_0000;

/** What the two ends say to each other, by the first entry of the list that a message is. A frame has a list of them. */
export const HELLO = 0; // [HELLO, client, lane]
export const ASK = 1; // [ASK, id, target, part, member, args, timeout, after]
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
	return writeHeader(frame.subarray(0, HEADER_BYTES + length), TEXT, length);
}

function v8Frame(message: Message): Buffer {
	return Buffer.concat(framed(serialize([message])));
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

/** Takes the frames of messages. */
export function messageFrames(deliver: (message: Message) => void, longest?: number): Frames {
	return new Frames((kind, bytes, from, to) => {
		const body = bytes.subarray(from, to);
		const messages: unknown = kind === TEXT ? JSON.parse(body.toString()) : deserialize(body);
		if (!Array.isArray(messages) || !messages.every(Array.isArray))
			throw new TypeError('bytes that are no messages');
		for (const message of messages as Message[]) deliver(message);
	}, longest);
}
