import type { Socket } from 'node:net';
import {
	CannotCross,
	inherit,
	isInheriting,
	type Medium,
	readTimeout,
	type SyncWaitOptions,
	type WaitOptions,
} from '@conc/core';
import type { End } from '../connection/end.js';
import { ConnectionError, EndOfStreamError } from '../errors.js';
import { DirectEnd, type Direction, nothingUnread, type Unread } from './direct-end.js';
import { QueueEnd, type QueueHandle } from './queue-end.js';

/** What crosses in place of an end. */
export type PipeHandle =
	| QueueHandle
	/** A socket that the process has from its start. */
	| {
			readonly type: 'direct';
			readonly fd: number;
			readonly direction: Direction;
			readonly unread: Unread;
	  };

/**
 * An end of a pipe. The first process that is given one at its start gets a socket that leads straight to the other
 * end; everywhere else an end is two queues.
 */
export class PipeEnd implements End {
	readonly peer = 'the other end of the pipe';
	#way: QueueEnd | DirectEnd;
	/** The other end, while only this thread has both. */
	#twin: PipeEnd | null = null;
	/** What it was given to a process as, which alone has it. */
	#given: PipeHandle | null = null;

	constructor(way: QueueEnd | DirectEnd) {
		this.#way = way;
	}

	static from(handle: PipeHandle): PipeEnd {
		if (handle.type === 'queue') return new PipeEnd(new QueueEnd(handle, true));
		return new PipeEnd(DirectEnd.inherited(handle.fd, handle.direction, handle.unread));
	}

	/** Makes two ends those of one pipe. */
	static join(one: PipeEnd, other: PipeEnd): void {
		one.#twin = other;
		other.#twin = one;
	}

	get isClosed(): boolean {
		return this.#way.isClosed;
	}

	send(value: unknown): Promise<void> {
		return this.#along((way) => way.send(value));
	}

	sendSync(value: unknown): void {
		this.#current().sendSync(value);
	}

	sendBytes(bytes: Uint8Array): Promise<void> {
		return this.#along((way) => way.sendBytes(bytes));
	}

	recv(options: WaitOptions | undefined): Promise<unknown> {
		return this.#along((way, left) => way.recv(left), options);
	}

	recvSync(options: SyncWaitOptions | undefined): unknown {
		return this.#current().recvSync(options);
	}

	recvBytes(options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>> {
		return this.#along((way, left) => way.recvBytes(left), options);
	}

	poll(options: WaitOptions | undefined): Promise<boolean> {
		return this.#along((way, left) => way.poll(left), options);
	}

	pollSync(options: SyncWaitOptions | undefined): boolean {
		return this.#current().pollSync(options);
	}

	close(): void {
		this.#way.close();
	}

	share(to: Medium): PipeHandle {
		if (this.#given !== null && isInheriting(this)) return this.#given;
		const way = this.#current();
		if (way.isClosed)
			throw new CannotCross('is an end of a pipe that was closed', 'close it where nobody needs it any more');
		if (way instanceof DirectEnd) return this.#move(way, to);
		const twin = this.#twin;
		if (twin !== null && isInheriting(twin)) {
			throw new CannotCross(
				'goes to the process that gets the other end of its pipe, too',
				'let the function use one end only, or make the pipe in that process',
			);
		}
		const isNew = to === 'process' && twin !== null && twin.#given === null && !twin.isClosed;
		if (isNew && this.#give(way, null, nothingUnread, (socket) => twin.#lead(socket)))
			return this.#given as unknown as PipeHandle;
		// From now on others may have it too.
		if (twin !== null) twin.#twin = null;
		this.#twin = null;
		return way.share();
	}

	sent(): (() => void) | undefined {
		return this.#given === null && this.#way instanceof QueueEnd ? this.#way.sent() : undefined;
	}

	/** The socket goes to the process that is being started. */
	#move(way: DirectEnd, to: Medium): PipeHandle {
		const unread = to === 'process' ? way.move() : nothingUnread;
		if (to === 'process' && this.#give(way, way.socket, unread, () => {}))
			return this.#given as unknown as PipeHandle;
		throw new CannotCross(
			'is an end of a pipe that leads straight to another process',
			'give it to a Process when that is started, or use a Queue',
		);
	}

	/** False when no process is being started. @param socket the one there is; null for a new pair */
	#give(
		way: QueueEnd | DirectEnd,
		socket: Socket | null,
		unread: Unread,
		started: (end: Socket) => void,
	): boolean {
		const fd = inherit({
			owner: this,
			socket,
			started: (end) => {
				if (end !== null) started(end);
			},
			failed: () => {
				this.#given = null;
				if (way instanceof DirectEnd) way.restore(unread);
			},
		});
		if (fd === null) return false;
		this.#given = { type: 'direct', fd, direction: way.direction, unread };
		return true;
	}

	/** From now on it leads to a process. What was sent before goes along. */
	#lead(socket: Socket): void {
		const before = this.#way as QueueEnd;
		const { sent, unread } = before.leave();
		const way = new DirectEnd(socket, before.direction, { messages: unread, bytes: nothingUnread.bytes });
		this.#way = way;
		this.#twin = null;
		void way.sendBefore(sent).catch(() => {}); // who sends or receives next is told
	}

	/** Goes on where it was begun on the way there was before. */
	async #along<T>(
		go: (way: QueueEnd | DirectEnd, options: WaitOptions | undefined) => Promise<T>,
		options?: WaitOptions,
	): Promise<T> {
		const way = this.#current();
		const until = performance.now() + readTimeout(options);
		try {
			return await go(way, options);
		} catch (error) {
			if (way === this.#way || !(error instanceof EndOfStreamError)) throw error;
			const left = until - performance.now();
			return go(this.#way, Number.isFinite(left) ? { ...options, timeout: Math.max(0, left) } : options);
		}
	}

	#current(): QueueEnd | DirectEnd {
		if (this.#given === null) return this.#way;
		throw new ConnectionError(
			'this end of the pipe was given to a process, which alone has it\n  → use the other end here, or make a Pipe for each process',
		);
	}
}
