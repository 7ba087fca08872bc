import type { Socket } from 'node:net';
import { descriptorOf } from '../channel/outlet.js';
import { sendWhileRead } from '../host/blocking.js';
import { BlockingLane } from './blocking-lane.js';
import { dialBlocked } from './dial.js';
import type { Home } from './handle.js';
import { BEAT, type Message, messageFrames } from './message.js';

/** The calls to a broker that block this thread: the lane they go through, and their answers. */
export class BlockingCalls {
	readonly #home: Home;
	readonly #client: string;
	/** Gives up the link for what went wrong; gives what is thrown then. */
	readonly #lose: (cause: unknown) => Error;
	#lane: BlockingLane | null = null;
	/** What they went through while this was being connected. */
	#urgent: ReturnType<typeof dialBlocked> = null;
	/** Of all calls together: code that runs while one waits may make another. */
	readonly #frames = messageFrames((message) => {
		if (message[0] === BEAT) this.#isBeat = true;
		else this.#answered.set(message[1], message);
	});
	/** By their ids, until those who asked look. */
	readonly #answered = new Map<unknown, Message>();
	#isBeat = false;

	constructor(home: Home, client: string, lose: (cause: unknown) => Error) {
		this.#home = home;
		this.#client = client;
		this.#lose = lose;
	}

	/** The connection has been made that is for them. */
	connected(socket: Socket): void {
		this.#lane = new BlockingLane(descriptorOf(socket), socket);
		this.#urgent?.close();
		this.#urgent = null;
	}

	/** Where there is none yet, another thread connects. */
	lane(): BlockingLane {
		if (process.platform === 'win32')
			throw new TypeError('this system cannot block on a socket: use the form with await');
		if (this.#lane === null) {
			this.#urgent = dialBlocked(this.#home, this.#client);
			if (this.#urgent === null) throw this.#lose(undefined);
			this.#lane = new BlockingLane(this.#urgent.fd, null);
		}
		return this.#lane;
	}

	/** Sends a question, and blocks until its answer is there. */
	ask(lane: BlockingLane, frame: Buffer, id: unknown): Message {
		this.#orLose(() => lane.write(frame));
		for (;;) {
			const answer = this.#answered.get(id);
			if (answer !== undefined) {
				this.#answered.delete(id);
				return answer;
			}
			this.#orLose(() => this.#frames.push(lane.read()));
			if (!this.#isBeat) continue;
			this.#isBeat = false;
			sendWhileRead(); // which may run code of the user's
		}
	}

	close(): void {
		this.#lane?.close();
		this.#urgent?.close();
	}

	#orLose(act: () => void): void {
		try {
			act();
		} catch (error) {
			throw this.#lose(error);
		}
	}
}
