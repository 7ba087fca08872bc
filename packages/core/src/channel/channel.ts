import type { Small } from '../codec/small.js';
import type { Message } from './protocol.js';
import type { Rec } from './records.js';

/** How messages get to the other end of a host, in order. What is posted in one turn goes together. */
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

/** The end that makes calls. */
export interface NearChannel extends Channel {
	/** Calls a constant function on small values. False when there is no room: then it is to be posted. */
	call(id: number, constant: number, values: readonly Small[]): boolean;
	/** Takes a call back that has not begun; false when it may have. */
	takeBack(id: number): boolean;
	/**
	 * Whether a call has begun that was not taken back and of which there is no answer; one that has not never will, from
	 * now on. Null when nobody knows.
	 */
	hasBegun(id: number): boolean | null;
	/** Whether there is room for more calls, besides those that are due. */
	readonly hasRoom: boolean;
}

/** The end that runs them. */
export interface FarChannel extends Channel {
	/** The next call, in the order in which they were made; null when there is none now. */
	next(): Rec | null;
	/** Calls that have come and not begun, which never will from now on. */
	giveBack(): number[];
	/** Answers with a small value, after so many microseconds. False when there is no room: then it is to be posted. */
	answer(id: number, microseconds: number, value: Small): boolean;
	/**
	 * Before the next call begins: whatever becomes of this thread or process from now on, the answers so far will arrive.
	 * They need not yet have been noticed, when the next call is expected to be short. False when that takes some time.
	 */
	secure(isShort: boolean): boolean;
	/** There is no call: the answers leave, and what comes is told. False when something has come meanwhile. */
	rest(): boolean;
}

export interface Receiver {
	receive(message: Message): void;
	/** The other end is gone; with an error, when this end gave it up. */
	closed(error?: Error): void;
}

export interface NearReceiver extends Receiver {
	/** A call was answered with a small value, after so many microseconds. */
	answered(id: number, microseconds: number, value: unknown): void;
}

export interface FarReceiver extends Receiver {
	/** There may be calls. */
	arrived(): void;
	/** A call that was posted has been taken back. */
	dropped(id: number): void;
}
