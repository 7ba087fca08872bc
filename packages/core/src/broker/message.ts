import { deserialize, serialize } from 'node:v8';
import { Frames, framed, HEADER_BYTES, TEXT, writeHeader } from '../channel/frames.js';

/** A frame that is so long takes no more. */
const LONG_TEXT = 0x1_0000;

/** What the two ends say to each other, by the first entry of the list that a message is. A frame has a list of them. */
export const HELLO = 0; // [HELLO, client, lane, name]
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

/** How many parts a message has at most. */
const LONGEST_MESSAGE = 8;

/** A client's connection for its event loop, the one for its blocking calls, and one made while it blocked already. */
export const LANES = ['events', 'blocking', 'urgent'] as const;
export type Lane = (typeof LANES)[number];

/** The frame of one message. */
export function frameOf(message: Message): Buffer {
	return lengthOf(message) === null ? v8Frame(message) : textFrame([message]);
}

/** Messages that leave together. What is in one must not change any more. */
export class Batch {
	#frames: Buffer[] = [];
	#count = 0;
	/** Those of the next frame, and about how long that is; the last may be a run that goes on. */
	#messages: Message[] = [];
	#length = 0;
	#run: Run | null = null;

	/** How many there are. */
	get count(): number {
		return this.#count;
	}

	/** Throws for what cannot be sent. */
	add(message: Message): void {
		const length = lengthOf(message);
		if (length === null) {
			const frame = v8Frame(message);
			this.#close();
			this.#frames.push(frame);
		} else {
			this.#addText(message);
			this.#length += length;
			if (this.#length > LONG_TEXT) this.#close();
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

	#addText(message: Message): void {
		if (this.#run !== null && continues(this.#run, message)) {
			this.#run.values.push(message[this.#run.differsAt]);
			return;
		}
		const differsAt = DIFFERS.get(message[0]);
		this.#run = differsAt === undefined ? null : { first: message, differsAt, values: [message[differsAt]] };
		if (this.#run === null) this.#messages.push(message);
		else this.#messages.push([RUN, without(message, this.#run.differsAt), this.#run.values]);
	}

	#close(): void {
		if (this.#messages.length > 0) this.#frames.push(textFrame(this.#messages));
		this.#messages = [];
		this.#length = 0;
		this.#run = null;
	}
}

interface Run {
	readonly first: Message;
	readonly differsAt: number;
	readonly values: unknown[];
}

/** Whether a message is the next of a run. */
function continues({ first, differsAt, values }: Run, message: Message): boolean {
	if (message[0] !== first[0] || message[1] !== (first[1] as number) + values.length) return false;
	if (message.length !== first.length) return false;
	for (let at = 2; at < message.length; at++) if (at !== differsAt && message[at] !== first[at]) return false;
	return true;
}

function without(message: Message, differsAt: number): Message {
	return message.map((part, at) => (at === differsAt ? null : part));
}

/** Gives each message of a run. */
function deliverRun([, head, values]: Message, deliver: (message: Message) => void): void {
	if (!Array.isArray(head) || !Array.isArray(values)) throw new TypeError('a run that is none');
	if (head.length > LONGEST_MESSAGE || values.length > LONG_TEXT)
		throw new RangeError('a run that is too long');
	const differsAt = DIFFERS.get(head[0]);
	if (differsAt === undefined || !Number.isSafeInteger(head[1])) throw new TypeError('a run of no such kind');
	for (const [nth, value] of values.entries()) {
		const message = [...head];
		message[1] += nth;
		message[differsAt] = value;
		deliver(message);
	}
}

function textFrame(messages: readonly Message[]): Buffer {
	const text = JSON.stringify(messages);
	const length = Buffer.byteLength(text);
	const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
	frame.write(text, HEADER_BYTES);
	return writeHeader(frame, TEXT, length);
}

function v8Frame(message: Message): Buffer {
	return Buffer.concat(framed(serialize([message])));
}

/** About how long it is as JSON; null for what that does not give back as it was. */
function lengthOf(part: unknown): number | null {
	if (typeof part === 'number') return Number.isFinite(part) && !Object.is(part, -0) ? SHORT_TEXT : null;
	if (typeof part === 'string') return part.length;
	if (typeof part === 'boolean' || part === null) return SHORT_TEXT;
	if (!Array.isArray(part)) return null;
	let length = 0;
	for (let at = 0; at < part.length; at++) {
		const one = lengthOf(part[at]);
		if (one === null) return null;
		length += one;
	}
	return length;
}

/** Of a number, true, false or null. */
const SHORT_TEXT = 4;

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
