import type { Socket } from 'node:net';
import { Intake } from '../channel/intake.js';
import { Lookout } from '../channel/lookout.js';
import { descriptorOf, Outlet } from '../channel/outlet.js';
import { failureOf } from './failure.js';
import { Batch, BEAT, FAILED, frameOf, type Lane, type Message } from './message.js';

/** How often one who blocks hears that it is still waited for. A thread is ended only between two of these. */
const BEAT_MS = 50;

/** One of the connections of a client. */
export class ClientLane {
	readonly isBlocking: boolean;
	readonly isUrgent: boolean;
	readonly #socket: Socket;
	readonly #outlet: Outlet;
	/** Who has an answer often asks for the next thing at once. */
	readonly #lookout: Lookout;
	readonly #batch = new Batch();
	#waiting = 0;
	#beat: NodeJS.Timeout | undefined;

	/** @param take gets what has come, where this lane looks for it itself */
	constructor(socket: Socket, name: Lane, take: (chunk: Buffer) => void) {
		this.isBlocking = name !== 'events';
		this.isUrgent = name === 'urgent';
		this.#socket = socket;
		this.#outlet = new Outlet(socket, descriptorOf(socket));
		const intake = new Intake();
		this.#lookout = new Lookout(() => intake.pull(socket, take));
	}

	/** The event loop has come round to it. */
	rouse(): void {
		this.#lookout.rouse();
	}

	/** What is said in one turn leaves together, but to one who blocks. */
	say(message: Message): void {
		if (this.isBlocking) return void this.#outlet.write(frameOf(message));
		this.#batch.add(message);
		if (this.#batch.count === 1) queueMicrotask(() => this.#send());
	}

	answer(message: Message): void {
		this.say(message);
		if (this.isBlocking) this.#lookout.look(() => this.#waiting === 0);
	}

	fail(id: number, error: unknown): void {
		this.answer([FAILED, id, failureOf(error)]);
	}

	/** Somebody waits on it from now on. */
	began(): void {
		this.#waiting++;
		// It goes on beside many short waits, each of which would cost a timer.
		if (this.isBlocking) this.#beat ??= setInterval(() => this.#tick(), BEAT_MS).unref();
	}

	ended(): void {
		this.#waiting--;
	}

	#tick(): void {
		if (this.#waiting > 0) this.say([BEAT]);
	}

	close(): void {
		clearInterval(this.#beat);
		this.#outlet.close();
		this.#socket.destroy();
	}

	#send(): void {
		this.#outlet.write(...this.#batch.take());
		this.#lookout.look(() => this.#waiting === 0);
	}
}
