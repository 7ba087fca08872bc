import {
	arrives,
	follow,
	HomeLostError,
	readTimeout,
	type SyncWaitOptions,
	TimeoutError,
	type WaitOptions,
} from '@conc/core';
import { type Queue, QueueEmptyError, QueueFullError, QueueShutDownError } from '@conc/lock';
import { ConnectionError, EndOfStreamError } from '../errors.js';
import { type Direction, wrongWay } from './direct-end.js';
import { type EndHandle, Holders } from './holders.js';
import { contentOf, isBytes, type Message, messageOf } from './message.js';

/** What crosses in place of an end that several may have. */
export interface QueueHandle {
	readonly type: 'queue';
	/** What comes; null where the pipe has one direction, and this end only sends. */
	readonly incoming: Queue<Message> | null;
	readonly outgoing: Queue<Message> | null;
	/** Who has this end, and who the other. */
	readonly own: EndHandle;
	readonly other: EndHandle;
}

/** A message, if there is one: a value that is null is in a list. */
type Found = Message | null;

/** So often one who waits looks whether anybody still has the other end. */
const LOOK_MS = 50;

/** An end of a pipe, in any thread of any process: a queue for each direction. Several may have it. */
export class QueueEnd {
	readonly peer = 'the other end of the pipe';
	isClosed = false;
	readonly #handle: QueueHandle;
	readonly #own: Holders;
	readonly #other: Holders;
	/** What waits with this object, without blocking. */
	readonly #waits = new Set<AbortController>();
	/** A message that was only looked at. */
	#next: { readonly message: Message } | null = null;

	/** @param isGiven it comes from somebody who had it before */
	constructor(handle: QueueHandle, isGiven = false) {
		this.#handle = handle;
		this.#own = new Holders(handle.own);
		this.#other = new Holders(handle.other);
		if (isGiven) arrives(this.#own.arrive());
		else this.#own.enter();
	}

	send(value: unknown): Promise<void> {
		return this.#put(messageOf(value));
	}

	sendSync(value: unknown): void {
		const outgoing = this.#outgoing();
		const message = messageOf(value);
		this.#sawEnd();
		while (!this.#putSync(outgoing, message)) this.#sawEnd();
	}

	sendBytes(bytes: Uint8Array): Promise<void> {
		return this.#put([null, new Uint8Array(bytes)]);
	}

	async recv(options: WaitOptions | undefined): Promise<unknown> {
		return this.#valueIn(await this.#wait(options, readTimeout(options)), options);
	}

	recvSync(options: SyncWaitOptions | undefined): unknown {
		return this.#valueIn(this.#block(readTimeout(options)), options);
	}

	async recvBytes(options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>> {
		const message = this.#delivered(await this.#wait(options, readTimeout(options)), options);
		if (isBytes(message)) return message[1];
		throw this.#otherKind(message, 'is a value', 'recv');
	}

	async poll(options: WaitOptions = {}): Promise<boolean> {
		readTimeout(options);
		try {
			return this.#keep(await this.#wait(options, options.timeout ?? 0));
		} catch (error) {
			return isEnd(error);
		}
	}

	pollSync(options: SyncWaitOptions = {}): boolean {
		readTimeout(options);
		try {
			return this.#keep(this.#block(options.timeout ?? 0));
		} catch (error) {
			return isEnd(error);
		}
	}

	/** Of this object. The other end is told when nobody has this one any more. */
	close(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		for (const wait of this.#waits) wait.abort();
		try {
			this.#own.leave();
			if (this.#own.areGone) this.#shut(this.#handle.incoming, this.#handle.outgoing);
		} catch (error) {
			if (!(error instanceof HomeLostError)) throw error;
		}
	}

	share(): QueueHandle {
		return this.#handle;
	}

	/** Its handle goes to somebody. */
	sent(): () => void {
		const takeBack = this.#own.give();
		if (this.#waits.size > 0) this.#own.enter(); // it is used here, too
		return takeBack;
	}

	get direction(): Direction {
		const { incoming, outgoing } = this.#handle;
		return incoming === null ? 'out' : outgoing === null ? 'in' : 'both';
	}

	/** What was sent and what has come, where nobody else has an end: it goes on another way. */
	leave(): { sent: Message[]; unread: Message[] } {
		const { incoming, outgoing } = this.#handle;
		const kept = this.#unkept();
		return { sent: drained(outgoing), unread: [...(kept === null ? [] : [kept]), ...drained(incoming)] };
	}

	async #put(message: Message): Promise<void> {
		const outgoing = this.#outgoing();
		await this.#watching(undefined, (signal) => outgoing.put(message, { signal }));
	}

	/** False when there was no room. */
	#putSync(outgoing: Queue<Message>, message: Message): boolean {
		try {
			outgoing.putSync(message, { timeout: LOOK_MS });
			return true;
		} catch (error) {
			if (error instanceof QueueFullError) return false;
			throw this.#asOurs(error);
		}
	}

	/** The next message; null when time was up. */
	async #wait({ signal: given }: WaitOptions = {}, timeout: number): Promise<Found> {
		const incoming = this.#incoming();
		given?.throwIfAborted();
		const kept = this.#unkept();
		if (kept !== null) return kept;
		try {
			return await this.#watching(given, (signal) => incoming.get({ timeout, signal }));
		} catch (error) {
			if (error instanceof QueueEmptyError) return null;
			throw error;
		}
	}

	/**
	 * Waits once, so that nobody loses the place in the line, and looks meanwhile whether anybody still has the other
	 * end: else the wait is shut down. Closing this end aborts it.
	 */
	async #watching<T>(given: AbortSignal | undefined, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
		const abort = new AbortController();
		const unfollow = given && follow(given, () => abort.abort(given.reason));
		const watch = setInterval(() => this.#look(abort), LOOK_MS);
		this.#waits.add(abort);
		try {
			this.#sawEnd();
			return await wait(abort.signal);
		} catch (error) {
			throw this.#asOurs(error);
		} finally {
			this.#waits.delete(abort);
			clearInterval(watch);
			unfollow?.();
		}
	}

	#look(waiting: AbortController): void {
		try {
			this.#sawEnd();
		} catch (error) {
			waiting.abort(error);
		}
	}

	/** The same, blocking this thread. */
	#block(timeout: number): Found {
		const incoming = this.#incoming();
		const until = performance.now() + timeout;
		for (;;) {
			const kept = this.#unkept();
			if (kept !== null) return kept;
			const left = Math.max(0, until - performance.now());
			try {
				return incoming.getSync({ timeout: Math.min(left, LOOK_MS) });
			} catch (error) {
				if (!(error instanceof QueueEmptyError)) throw this.#asOurs(error);
			}
			if (!this.#sawEnd() && left <= LOOK_MS) return null;
		}
	}

	/** Whether nobody has the other end any more: then nothing is sent, and what has come is all there is. */
	#sawEnd(): boolean {
		try {
			if (!this.#other.areGone) return false;
			this.#shut(this.#handle.outgoing, this.#handle.incoming);
			return true;
		} catch (error) {
			throw this.#asOurs(error);
		}
	}

	/** @param unread what nobody takes any more @param last what is taken to its end */
	#shut(unread: Queue<Message> | null, last: Queue<Message> | null): void {
		unread?.shutdown({ immediate: true });
		last?.shutdown();
	}

	#keep(message: Found): boolean {
		if (message !== null) this.#next = { message };
		return message !== null;
	}

	#unkept(): Found {
		const kept = this.#next;
		this.#next = null;
		return kept === null ? null : kept.message;
	}

	#valueIn(found: Found, options: SyncWaitOptions | undefined): unknown {
		const message = this.#delivered(found, options);
		if (!isBytes(message)) return contentOf(message);
		throw this.#otherKind(message, 'is bytes', 'recvBytes');
	}

	#delivered(message: Found, options: SyncWaitOptions | undefined): Message {
		if (message !== null) return message;
		throw new TimeoutError(`no message from ${this.peer} was there within ${options?.timeout} ms`);
	}

	/** It stays the next. */
	#otherKind(message: Message, what: string, way: string): ConnectionError {
		this.#next = { message };
		return new ConnectionError(`the next message from ${this.peer} ${what}: take it with ${way}()`);
	}

	#incoming(): Queue<Message> {
		this.#use();
		return this.#handle.incoming ?? refuse('sends, and does not receive');
	}

	#outgoing(): Queue<Message> {
		this.#use();
		return this.#handle.outgoing ?? refuse('receives, and does not send');
	}

	/** Who uses an end has it, also after giving it to others. */
	#use(): void {
		this.#check();
		this.#own.enter();
	}

	#check(): void {
		if (this.isClosed) throw new ConnectionError(`the connection to ${this.peer} is closed`);
	}

	#asOurs(error: unknown): unknown {
		if (this.isClosed) return new ConnectionError(`the connection to ${this.peer} is closed`);
		if (error instanceof QueueShutDownError)
			return new EndOfStreamError(`${this.peer} is closed, and all it has sent is taken`, { cause: error });
		if (error instanceof HomeLostError)
			return new EndOfStreamError(
				'the process that made the pipe has ended, and with it what was sent and not taken\n  → make the pipe in the process that lives longest',
				{ cause: error },
			);
		return error;
	}
}

function drained(queue: Queue<Message> | null): Message[] {
	const messages: Message[] = [];
	while (queue !== null && !queue.empty) messages.push(queue.getNowait());
	queue?.shutdown({ immediate: true }); // who waits goes on
	return messages;
}

function isEnd(error: unknown): true {
	if (error instanceof EndOfStreamError) return true;
	throw error;
}

function refuse(what: string): never {
	throw wrongWay(what);
}
