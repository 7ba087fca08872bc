import type { Socket } from 'node:net';
import { Intake } from '../channel/intake.js';
import { descriptorOf, Outlet } from '../channel/outlet.js';
import { Patience } from '../channel/patience.js';
import { failureOf } from './failure.js';
import { Batch, BEAT, FAILED, frameOf, type Lane, type Message } from './message.js';

/** How often one who blocks hears that it is still waited for. A thread is ended only between two of these. */
const BEAT_MS = 50;
/** For so long the next message of one who blocks is looked for. */
const SPIN_MS = 0.1;
/** Nobody else waits longer than this for one who asks again and again. */
const STAY_MS = 1;

/** One of the connections of a client. */
export class ClientLane {
	readonly isBlocking: boolean;
	readonly #socket: Socket;
	readonly #outlet: Outlet;
	readonly #patience: Patience;
	/** The event loop has its turn again then. */
	#staysUntil = 0;
	readonly #batch = new Batch();
	#waiting = 0;
	#beat: NodeJS.Timeout | undefined;

	/** @param take gets what has come, where this lane looks for it itself */
	constructor(socket: Socket, name: Lane, take: (chunk: Buffer) => void) {
		this.isBlocking = name !== 'events';
		this.#socket = socket;
		const fd = descriptorOf(socket);
		this.#outlet = new Outlet(socket, fd);
		const intake = new Intake();
		this.#patience = new Patience(SPIN_MS, () => {
			const chunk = socket.destroyed ? null : intake.read(fd);
			if (chunk !== null) take(chunk);
			return chunk !== null || intake.isAtEnd || socket.destroyed;
		});
	}

	/** The event loop has come round to it. */
	rouse(): void {
		if (this.isBlocking) this.#staysUntil = performance.now() + STAY_MS;
	}

	/** What is said in one turn leaves together, but to one who blocks. */
	say(message: Message): void {
		if (this.isBlocking) return void this.#outlet.write(frameOf(message));
		this.#batch.add(message);
		if (this.#batch.count === 1) queueMicrotask(() => this.#outlet.write(...this.#batch.take()));
	}

	answer(message: Message): void {
		this.say(message);
		// One who blocked often asks for the next thing at once.
		if (this.isBlocking) process.nextTick(() => this.#stay());
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

	/** Looks for the next message, as that takes less than to be woken for it; others have their turn soon. */
	#stay(): void {
		if (this.#waiting === 0 && performance.now() < this.#staysUntil) this.#patience.look();
	}
}
