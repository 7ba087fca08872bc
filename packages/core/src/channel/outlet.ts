import { writeSync, writevSync } from 'node:fs';
import type { Socket } from 'node:net';
import { now } from '../clock.js';
import { realm } from '../realm.js';

/** How long to wait for a slow reader of a full pipe before trying again. */
export const FULL_PIPE_MS = 1;
/** Node writes no more than 2 GiB at a time, and the system no more than 1,024 pieces. */
const MOST_BYTES = 1 << 30;
const MOST_BUFFERS = 1_000;
/** A reader that takes what it gets makes room within so long: then it is tried again in the next turn. */
const READING_MS = 1;

/** A pipe that is full, or a system that is short of memory for it, takes the rest later. */
const passing = new Set(['EAGAIN', 'EINTR', 'ENOBUFS', 'ENOMEM']);

/** The outlets of this thread that something waits in. */
const unsent = () => realm('unsent', () => new Set<Outlet>());

/** Writes what their pipes take now; gives how many still have something, and whether any could write. */
export function writeUnsent(): { left: number; written: boolean } {
	let written = false;
	for (const outlet of [...unsent()]) written = outlet.writeWhatFits() || written;
	return { left: unsent().size, written };
}

/** Who wants to know what has become of the frames. */
export interface OutletWatcher {
	/** So many bytes more have left. */
	wrote(bytes: number): void;
	/** Nothing leaves any more: the other end is closed. */
	broke(cause: unknown): void;
}

/**
 * Writes frames to a socket without handing them to the event loop, so that a thread about to block can still get rid
 * of them: what does not fit into the pipe waits here, and is tried again soon.
 */
export class Outlet {
	readonly #fd: number;
	readonly #socket: Socket;
	readonly #watcher: OutletWatcher | undefined;
	#waiting: Buffer[] = [];
	#timer: NodeJS.Timeout | undefined;
	#turn: NodeJS.Immediate | undefined;
	/** When something could be written last. */
	#writtenAt = 0;
	#isBroken = false;

	/**
	 * @param fd of the socket; -1 where there is none (named pipes on Windows)
	 * @param watcher with one, what has not left yet keeps the process alive; without, it holds nobody: whoever waits
	 * for the other process holds that
	 */
	constructor(socket: Socket, fd: number, watcher?: OutletWatcher) {
		this.#socket = socket;
		this.#fd = fd;
		this.#watcher = watcher;
	}

	/** False when nothing of it could leave yet. */
	write(...frames: Buffer[]): boolean {
		if (this.#isBroken) return false;
		if (this.#fd === -1) {
			// The event loop may take its time, and the memory be used again meanwhile.
			for (const frame of frames) {
				this.#socket.write(Buffer.from(frame), (error) => {
					if (!error) this.#watcher?.wrote(frame.length);
				});
			}
			return true;
		}
		for (const frame of frames) this.#waiting.push(frame);
		return this.writeWhatFits();
	}

	/** Whether everything has left. */
	get isEmpty(): boolean {
		return this.#waiting.length === 0;
	}

	/** Blocks until everything is written, or nobody reads any more. */
	flushSync(): void {
		this.writeWhatFits();
		while (this.#waiting.length > 0) {
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
			this.writeWhatFits();
		}
	}

	close(): void {
		this.#isBroken = true;
		this.#waiting = [];
		this.#dontTryAgain();
	}

	/** Writes what the pipe takes now; false when that was nothing. */
	writeWhatFits(): boolean {
		this.#dontTryAgain();
		// Its number may be another file's by now.
		if (this.#socket.destroyed) this.close();
		let written = 0;
		try {
			while (this.#waiting.length > 0) {
				const [first] = this.#waiting;
				const isOnly = this.#waiting.length === 1 && (first as Buffer).length <= MOST_BYTES;
				const count = isOnly ? writeSync(this.#fd, first as Buffer) : writevSync(this.#fd, this.#next());
				this.#drop(count);
				written += count;
				this.#watcher?.wrote(count);
			}
		} catch (error) {
			if (!passing.has((error as { code?: string }).code ?? '')) {
				this.close(); // nothing can be told to the other process any more, but what it has told is still to be read
				this.#watcher?.broke(error);
				return false;
			}
			this.#tryAgain(written > 0);
		}
		return written > 0;
	}

	#tryAgain(isTaken: boolean): void {
		unsent().add(this);
		const at = now();
		if (isTaken) this.#writtenAt = at;
		const retry = () => this.writeWhatFits();
		if (at - this.#writtenAt < READING_MS) this.#turn = setImmediate(retry);
		else {
			this.#timer = setTimeout(retry, FULL_PIPE_MS);
			if (this.#watcher === undefined) this.#timer.unref();
		}
	}

	#dontTryAgain(): void {
		if (this.#turn === undefined && this.#timer === undefined) return;
		if (this.#turn !== undefined) clearImmediate(this.#turn);
		if (this.#timer !== undefined) clearTimeout(this.#timer);
		this.#turn = this.#timer = undefined;
		unsent().delete(this);
	}

	/** As much of what waits as one call of the system takes. */
	#next(): Buffer[] {
		const next: Buffer[] = [];
		let bytes = 0;
		for (const frame of this.#waiting) {
			if (next.length === MOST_BUFFERS || bytes === MOST_BYTES) break;
			const piece = frame.subarray(0, MOST_BYTES - bytes);
			next.push(piece);
			bytes += piece.length;
		}
		return next;
	}

	#drop(count: number): void {
		if (this.#waiting.length === 1 && (this.#waiting[0] as Buffer).length === count) {
			this.#waiting.length = 0;
			return;
		}
		let left = count;
		let whole = 0;
		for (const frame of this.#waiting) {
			if (frame.length > left) break;
			left -= frame.length;
			whole++;
		}
		this.#waiting.splice(0, whole);
		if (left > 0) this.#waiting[0] = (this.#waiting[0] as Buffer).subarray(left);
	}
}

/** Lets the event loop read no more from a socket; a paused one is still read ahead. Node does not document it. */
export function stopReading(socket: Socket): void {
	const { _handle } = socket as unknown as { _handle?: { readStop?(): void } };
	_handle?.readStop?.();
}

/** Whether reading from the descriptor of a socket waits until there is something. Node does not document it. */
export function setBlocking(socket: Socket, isBlocking: boolean): void {
	const { _handle } = socket as unknown as { _handle?: { setBlocking?(isBlocking: boolean): void } };
	_handle?.setBlocking?.(isBlocking);
}

/** The file descriptor of a socket. Node does not document it; -1 where it has none. */
export function descriptorOf(socket: Socket): number {
	const { _handle } = socket as unknown as { _handle?: { fd?: number } };
	return _handle?.fd ?? -1;
}
