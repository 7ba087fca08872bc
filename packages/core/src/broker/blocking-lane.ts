import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Intake } from '../channel/intake.js';
import { setBlocking } from '../channel/outlet.js';
import { Patience } from '../channel/patience.js';
import { frameOf, type Message } from './message.js';

/** For so long an answer is looked for before this thread sleeps: to be woken takes as long. */
const SPIN_MS = 0.1;
/** So much always fits into the pipe, as whoever blocks asks for one thing at a time. */
const SHORT_BYTES = 0x1000;

/** The connection to a broker for calls that block, on which this thread sleeps in the system until the answer comes. */
export class BlockingLane {
	readonly #fd: number;
	readonly #socket: Socket | null;
	readonly #intake: Intake;
	readonly #patience: Patience;
	#next: Buffer | null = null;

	/** @param socket what keeps it open, and does not block but where it is told to; null where another thread has that, and it blocks */
	constructor(fd: number, socket: Socket | null) {
		this.#fd = fd;
		this.#socket = socket;
		this.#intake = new Intake();
		this.#patience = new Patience(SPIN_MS, () => {
			this.#next = this.#intake.read(fd);
			return this.#next !== null || this.#intake.isAtEnd;
		});
	}

	write(frame: Buffer): void {
		if (frame.length <= SHORT_BYTES) return writeAll(this.#fd, frame);
		this.#blockingly(() => writeAll(this.#fd, frame));
	}

	/** The same for what the other end sees by the end of the connection where it does not hear it. */
	tell(message: Message): void {
		try {
			this.write(frameOf(message));
		} catch {
			// whoever asks next is told
		}
	}

	/** What has come, as soon as something has. Throws when nothing will. */
	read(): Buffer {
		this.#next = null;
		if (this.#socket === null || !this.#patience.look())
			this.#next = this.#blockingly(() => this.#intake.read(this.#fd));
		if (this.#next === null) throw new Error('its broker has closed the connection');
		return this.#next;
	}

	close(): void {
		this.#socket?.destroy();
	}

	#blockingly<T>(act: () => T): T {
		if (this.#socket === null) return act();
		setBlocking(this.#socket, true);
		try {
			return act();
		} finally {
			setBlocking(this.#socket, false);
		}
	}
}

function writeAll(fd: number, bytes: Buffer): void {
	for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
