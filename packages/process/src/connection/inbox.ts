import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import {
	AuthenticationError,
	descriptorOf,
	Intake,
	Lookout,
	Patience,
	readTimeout,
	type SyncWaitOptions,
	sendAll,
	setBlocking,
	TimeoutError,
	type WaitOptions,
} from '@conc/core';
import { ConnectionError, EndOfStreamError } from '../errors.js';
import { BYTES, Frames, HANDSHAKE, type Kind } from './frames.js';
import type { Hold } from './hold.js';
import { type Found, Line, type Look } from './line.js';

/** Makes of a frame's bytes what is waited for; they are there only until it returns. */
export type Open<T> = (body: Uint8Array) => T;

/** For so long a thread that blocks looks before it sleeps: to be woken takes as long. */
const SPIN_MS = 0.1;
/** A thread that blocks looks again after an eighth of the time it has waited. */
const PAUSE_SHARE = 8;
const SHORTEST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;

/** Who wants to know that nothing comes any more. */
interface Owner {
	/** The other end is closed. */
	ended(): void;
	/** The other end has sent what is no message. */
	broke(error: Error): void;
}

/**
 * Takes messages from a socket in the order of those who wait for them. Nothing is read while nobody waits, but for
 * what the stream holds: so an end that sends too much has to wait.
 */
export class Inbox {
	/** The longest frame that is taken. */
	limit: number;
	readonly #socket: Socket;
	readonly #peer: string;
	readonly #owner: Owner;
	readonly #intake = new Intake();
	readonly #frames = new Frames();
	readonly #line: Line;
	readonly #patience = new Patience(SPIN_MS, () => {
		this.#readAtOnce();
		return this.#isThere;
	});
	/** Who has a message often asks for the next at once. */
	readonly #lookout = new Lookout(() => {
		this.#read();
		this.#readAtOnce();
		return this.#isThere || this.#line.isEmpty;
	});
	#isAtEnd = false;
	#failure: Error | null = null;

	constructor(socket: Socket, peer: string, hold: Hold, limit: number, owner: Owner) {
		this.#socket = socket;
		this.#peer = peer;
		this.#line = new Line(hold);
		this.limit = limit;
		this.#owner = owner;
		socket.on('readable', () => {
			this.#lookout.rouse();
			if (!this.#line.isEmpty) this.#read();
		});
		const end = () => this.#readEnd();
		socket.on('end', end).on('error', end).on('close', end);
	}

	/** What came before all that is in the socket. */
	begin(bytes: Uint8Array): void {
		if (bytes.length > 0) this.#frames.push(Buffer.from(bytes));
	}

	/** Takes all that has come and nobody has taken, for where the socket goes. */
	rest(): Buffer {
		for (let chunk = this.#socket.read(); chunk !== null; chunk = this.#socket.read())
			this.#frames.push(chunk);
		return this.#frames.rest();
	}

	/** The next message, in the order of those who ask; who stops waiting has taken none. */
	async take<T>(kind: Kind, open: Open<T>, options?: WaitOptions): Promise<T> {
		const timeout = readTimeout(options);
		return this.#delivered(await this.#wait(() => this.#next(kind, open), timeout, options), timeout);
	}

	/** The same, blocking this thread. */
	takeSync<T>(kind: Kind, open: Open<T>, options?: SyncWaitOptions): T {
		const timeout = readTimeout(options);
		return this.#delivered(
			this.#block(() => this.#next(kind, open), timeout),
			timeout,
		);
	}

	/** Whether `take` would not wait: a message is there, or the end. */
	async poll(options: WaitOptions = {}): Promise<boolean> {
		readTimeout(options);
		const { timeout = 0, signal } = options;
		return (await this.#wait(() => this.#has(), timeout, { timeout, signal })) !== null;
	}

	/** The same, blocking this thread. */
	pollSync(options: SyncWaitOptions = {}): boolean {
		readTimeout(options);
		return this.#block(() => this.#has(), options.timeout ?? 0) !== null;
	}

	/** Nothing is taken any more: who waits, and who comes, gets this error. */
	fail(error: Error): void {
		if (this.#failure !== null) return;
		this.#failure = error;
		this.#frames.clear();
		this.#line.serve();
	}

	#wait<T>(look: Look<T>, timeout: number, options: WaitOptions | undefined): Promise<Found<T> | null> {
		return this.#line.wait(look, options, () => {
			this.#read();
			// What has arrived may not have come through the event loop yet.
			if (timeout === 0) this.#readAtOnce();
			else this.#lookout.look(() => !this.#line.isEmpty);
		});
	}

	/** Looks until it is there, longer and longer apart; null when time was up. */
	#block<T>(look: Look<T>, timeout: number): Found<T> | null {
		if (!this.#socket.destroyed && descriptorOf(this.#socket) === -1)
			throw new ConnectionError(
				'this system shows no descriptor of a socket to block on: use the form with await',
			);
		const began = performance.now();
		const sleeper = new Int32Array(new SharedArrayBuffer(4));
		for (let isFirst = true; ; isFirst = false) {
			this.#read();
			this.#readAtOnce();
			const found = look();
			if (found !== null) return found;
			if (isFirst && timeout > 0 && this.#patience.look()) continue;
			const nap = sendAll(); // what it waits for may be an answer
			if (timeout === Number.POSITIVE_INFINITY && nap === Number.POSITIVE_INFINITY && isMainThread) {
				this.#sleepUntilReadable();
				continue;
			}
			const waited = performance.now() - began;
			if (waited >= timeout) return null;
			const pause = Math.max(SHORTEST_PAUSE_MS, Math.min(waited / PAUSE_SHARE, LONGEST_PAUSE_MS));
			Atomics.wait(sleeper, 0, 0, Math.min(pause, timeout - waited, nap));
		}
	}

	/**
	 * Sleeps in the system until something comes, which wakes it quicker than a look now and then. Not in a thread, which
	 * could not be ended meanwhile.
	 */
	#sleepUntilReadable(): void {
		if (this.#socket.destroyed) return;
		setBlocking(this.#socket, true);
		try {
			const chunk = this.#intake.read(descriptorOf(this.#socket));
			if (chunk !== null) this.#frames.push(chunk);
		} finally {
			setBlocking(this.#socket, false);
		}
	}

	/** Takes what the stream holds, as far as somebody waits for it. */
	#read(): void {
		this.#line.serve();
		while (!this.#isThere) {
			const chunk: Buffer | null = this.#socket.read();
			if (chunk === null) return;
			this.#frames.push(chunk);
			this.#line.serve();
		}
	}

	/** Takes what the system holds, which comes after all that the stream holds. */
	#readAtOnce(): void {
		while (!this.#isThere) {
			if (this.#socket.destroyed) return this.#readEnd();
			const fd = descriptorOf(this.#socket);
			const chunk = fd === -1 ? null : this.#intake.read(fd);
			if (chunk !== null) this.#frames.push(chunk);
			else if (this.#intake.isAtEnd) return this.#end();
			else return;
			this.#line.serve();
		}
	}

	/** What the stream holds came before its end. */
	#readEnd(): void {
		if (this.#failure !== null) return;
		for (let chunk = this.#socket.read(); chunk !== null; chunk = this.#socket.read())
			this.#frames.push(chunk);
		this.#end();
	}

	#end(): void {
		if (!this.#isAtEnd) {
			this.#isAtEnd = true;
			this.#owner.ended();
		}
		this.#line.serve();
	}

	/** Whether the next look finds something, if only that there is nothing more to wait for. */
	get #isThere(): boolean {
		if (this.#isAtEnd || this.#failure !== null) return true;
		try {
			return this.#frames.peek(this.limit) !== null;
		} catch {
			return true;
		}
	}

	#has(): Found<true> | null {
		if (this.#failure !== null) throw this.#failure;
		return this.#isThere ? { value: true } : null;
	}

	#next<T>(kind: Kind, open: Open<T>): Found<T> | null {
		if (this.#failure !== null) throw this.#failure;
		try {
			const frame = this.#frames.peek(this.limit);
			if (frame === null) {
				if (!this.#isAtEnd) return null;
				if (this.#frames.isEmpty)
					throw new EndOfStreamError(`${this.#peer} has closed its end of the connection`);
				throw new RangeError('it ends in the middle of a message');
			}
			if (frame.kind !== kind) throw this.#otherKind(frame.kind);
			const value = open(frame.body);
			this.#frames.drop(frame);
			return { value };
		} catch (error) {
			throw error instanceof EndOfStreamError || error instanceof OtherKind
				? error
				: this.#break(error as Error);
		}
	}

	/** What came cannot be read, so neither can what follows it. */
	#break(cause: Error): Error {
		const error =
			cause instanceof AuthenticationError
				? cause
				: new ConnectionError(`what came from ${this.#peer} cannot be read: ${cause.message}`, { cause });
		this.#failure = error;
		this.#frames.clear();
		this.#owner.broke(error);
		return error;
	}

	#otherKind(found: Kind): Error {
		if (found === HANDSHAKE)
			return new AuthenticationError(`${this.#peer} asks for an authkey: give it the same one here`);
		const [what, way] = found === BYTES ? ['is bytes', 'recvBytes'] : ['is a value', 'recv'];
		return new OtherKind(`the next message from ${this.#peer} ${what}: take it with ${way}()`);
	}

	#delivered<T>(found: Found<T> | null, timeout: number): T {
		if (found !== null) return found.value;
		throw new TimeoutError(`no message from ${this.#peer} was there within ${timeout} ms`);
	}
}

/** A message that another method takes: it stays the next. */
class OtherKind extends ConnectionError {}
