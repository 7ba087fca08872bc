import type { Socket } from 'node:net';
import { ConnectionError } from '../errors.js';
import { Hold } from './hold.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';

/** Messages both ways over a socket that is open, however it was opened. It was made with `allowHalfOpen`. */
export class Wire {
	readonly inbox: Inbox;
	readonly outbox: Outbox;
	/** What the other end is called in messages. */
	readonly peer: string;
	readonly #socket: Socket;
	#isClosed = false;

	/** @param limit the longest message in bytes */
	constructor(socket: Socket, peer: string, limit: number) {
		this.#socket = socket;
		this.peer = peer;
		const hold = new Hold(socket);
		this.outbox = new Outbox(socket, peer, hold);
		this.inbox = new Inbox(socket, peer, hold, limit, {
			ended: () => this.outbox.peerEnded(),
			broke: (error) => this.end(error),
		});
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}

	close(): void {
		this.#isClosed = true;
		this.end(new ConnectionError(`the connection to ${this.peer} is closed`));
	}

	/** Closes the socket; whoever waits or comes gets this error. */
	end(error: Error): void {
		this.#socket.destroy();
		this.outbox.end(error);
		this.inbox.fail(error);
	}
}
