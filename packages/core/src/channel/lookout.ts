import type { Socket } from 'node:net';
import { Intake } from './intake.js';
import { descriptorOf } from './outlet.js';
import { Patience } from './patience.js';

/** For so long it looks: to be woken by the event loop takes as long. */
const LOOK_MS = 0.1;
/** The event loop has its turn again after so long, however much comes. */
const STAY_MS = 1;

/** Looks for a moment whether the next thing comes from a socket that the event loop reads, before that comes round to it. */
export class Lookout {
	readonly #patience: Patience;
	readonly #isPossible: boolean;
	#staysUntil = 0;
	#isDue = false;

	/** @param take gets what has come */
	constructor(socket: Socket, take: (chunk: Buffer) => void) {
		const fd = descriptorOf(socket);
		const intake = new Intake();
		this.#isPossible = fd !== -1;
		this.#patience = new Patience(LOOK_MS, () => {
			if (socket.destroyed) return true;
			const chunk = intake.read(fd);
			if (chunk !== null) take(chunk);
			return chunk !== null || intake.isAtEnd;
		});
	}

	/** The event loop has come round to the socket. */
	rouse(): void {
		this.#staysUntil = performance.now() + STAY_MS;
	}

	/** Looks once what is being done is done, if `isOfUse` says so then. */
	look(isOfUse: () => boolean): void {
		if (this.#isDue || !this.#isPossible) return;
		this.#isDue = true;
		process.nextTick(() => {
			this.#isDue = false;
			if (isOfUse() && performance.now() < this.#staysUntil) this.#patience.look();
		});
	}
}
