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
const RUN = 11; // [RUN, first, values]: messages like the first, with ids that follow its own, each with its value

/** Which part of a message differs within a run of messages of its type; of other types there are none. */
const DIFFERS: ReadonlyMap<unknown, number> = new Map([
	[ASK, 5],
	[DONE, 2],
	[GIVEN, 2],
	[TOOK, 2],
]);

export type Message = readonly unknown[];

/** A client's connection for its event loop, the one for its blocking calls, and one made while it blocked already. */
export const LANES = ['events', 'blocking', 'urgent'] as const;
export type Lane = (typeof LANES)[number];

/** The frame of one message. */
export function frameOf(message: Message): Buffer {
	const text = textOf(message);
	return text === null ? v8Frame(message) : textFrame(text);
}

/** Messages that leave together. */
export class Batch {
	#frames: Buffer[] = [];
	#text = '';
	#count = 0;
	/** The first message of the run that the text ends with, how many are in that, and where they differ. */
	#first: Message | null = null;
	#inRun = 0;
	#differsAt = 0;

	/** How many there are. */
	get count(): number {
		return this.#count;
	}

	/** Throws for what cannot be sent. */
	add(message: Message): void {
		if (this.#addText(message)) {
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

	/** False for what is no text. */
	#addText(message: Message): boolean {
		const first = this.#first;
		if (first !== null && continues(first, this.#inRun, this.#differsAt, message)) {
			const text = differenceIn(message, this.#differsAt);
			if (text === null) return false;
			this.#text += `,${text}`;
			this.#inRun++;
			return true;
		}
		const differsAt = DIFFERS.get(message[0]);
		const text = differsAt === undefined ? textOf(message) : beginRun(message, differsAt);
		if (text === null) return false;
		this.#endRun();
		this.#text += this.#text === '' ? text : `,${text}`;
		if (differsAt === undefined) return true;
		this.#first = message;
		this.#inRun = 1;
		this.#differsAt = differsAt;
		return true;
	}

	#endRun(): void {
		if (this.#first === null) return;
		this.#text += ']]';
		this.#first = null;
	}

	#close(): void {
		this.#endRun();
		if (this.#text === '') return;
		this.#frames.push(textFrame(this.#text));
		this.#text = '';
	}
}

/** Whether a message is the next of a run of so many. */
function continues(first: Message, count: number, differsAt: number, message: Message): boolean {
	if (message[0] !== first[0] || message[1] !== (first[1] as number) + count) return false;
	if (message.length !== first.length) return false;
	for (let at = 2; at < message.length; at++) if (at !== differsAt && message[at] !== first[at]) return false;
	return true;
}

/** A run of one that may go on; null for what is no text. */
function beginRun(message: Message, differsAt: number): string | null {
	const value = differenceIn(message, differsAt);
	const head = textOf(message.map((part, at) => (at === differsAt ? null : part)));
	return value === null || head === null ? null : `[${RUN},${head},[${value}`;
}

/** Null where it is no text; a message that is too short to have any differs in its id only. */
function differenceIn(message: Message, differsAt: number): string | null {
	return differsAt < message.length ? textOf(message[differsAt]) : 'null';
}

/** Gives each message of a run. */
function deliverRun([, head, values]: Message, deliver: (message: Message) => void): void {
	if (!Array.isArray(head) || !Array.isArray(values)) throw new TypeError('a run that is none');
	const differsAt = DIFFERS.get(head[0]);
	if (differsAt === undefined || !Number.isSafeInteger(head[1])) throw new TypeError('a run of no such kind');
	for (const [nth, value] of values.entries()) {
		const message = [...head];
		message[1] += nth;
		message[differsAt] = value;
		deliver(message);
	}
}

/** @param texts of messages, with commas between them */
function textFrame(texts: string): Buffer {
	const text = `[${texts}]`;
	const length = Buffer.byteLength(text);
	const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
	frame.write(text, HEADER_BYTES);
	return writeHeader(frame, TEXT, length);
}

function v8Frame(message: Message): Buffer {
	return Buffer.concat(framed(serialize([message])));
}

/** As JSON; null for what that does not give back as it was. */
function textOf(part: unknown): string | null {
	if (typeof part === 'number') return Number.isFinite(part) && !Object.is(part, -0) ? `${part}` : null;
	if (typeof part === 'string') return JSON.stringify(part);
	if (typeof part === 'boolean' || part === null) return String(part);
	if (!Array.isArray(part)) return null;
	let texts = '';
	for (let at = 0; at < part.length; at++) {
		const text = textOf(part[at]);
		if (text === null) return null;
		texts += at === 0 ? text : `,${text}`;
	}
	return `[${texts}]`;
}

/** Takes the frames of messages. */
export function messageFrames(deliver: (message: Message) => void, longest?: number): Frames {
	return new Frames((kind, bytes, from, to) => {
		const body = bytes.subarray(from, to);
		const messages: unknown = kind === TEXT ? JSON.parse(body.toString()) : deserialize(body);
		if (!Array.isArray(messages) || !messages.every(Array.isArray))
			throw new TypeError('bytes that are no messages');
		for (const message of messages as Message[]) {
			if (message[0] === RUN) deliverRun(message, deliver);
			else deliver(message);
		}
	}, longest);
}
