import type { Message } from './protocol.js';

/** How messages get to the other end of a host, in order. What is posted in one turn goes as one batch. */
export interface Channel {
	post(message: Message): void;
	/** Blocks until everything that was posted has left this thread, also what waited for the end of the turn. */
	flush(): void;
	/** Sends what can be sent without waiting; false when that was nothing. */
	send(): boolean;
	/** Hands over everything that has arrived, now; false when that was nothing. */
	drain(): boolean;
	/** Whether the channel keeps the process alive. */
	ref(): void;
	unref(): void;
	close(): void;
}

export interface Receiver {
	receive(message: Message): void;
	/** The other end is gone; with an error, when this end gave it up. */
	closed(error?: Error): void;
}

/** Collects what is posted in a turn. */
export class Batch {
	#waiting: Message[] = [];
	readonly #send: (messages: Message[]) => void;

	constructor(send: (messages: Message[]) => void) {
		this.#send = send;
	}

	add(message: Message): void {
		if (this.#waiting.push(message) === 1) queueMicrotask(() => this.flush());
	}

	flush(): void {
		if (this.#waiting.length === 0) return;
		const messages = this.#waiting;
		this.#waiting = [];
		this.#send(messages);
	}
}
