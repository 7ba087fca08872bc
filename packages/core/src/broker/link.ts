import { existsSync, readSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { follow } from '../aborts.js';
import { descriptorOf, Outlet } from '../channel/outlet.js';
import { Parcel } from '../codec/parcel.js';
import { HomeLostError } from '../errors.js';
import { sendCalls } from '../host/host.js';
import { crypto } from '../lazy.js';
import { realm } from '../realm.js';
import type { Home } from './handle.js';
import {
	BEAT,
	CANCEL,
	DONE,
	DROP,
	FAILED,
	frameOf,
	GIVEN,
	HELLO,
	type Lane,
	type Message,
	Messages,
	REFUSED,
	TOOK,
} from './message.js';
import { isGone } from './room.js';
import { connectBlocked } from './urgent.js';

const CHUNK_BYTES = 0x1_0000;
/** How long to wait for a broker that is just being started before looking again. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 20;

interface Asking {
	resolve(value: unknown): void;
	reject(error: unknown): void;
}

const links = () => realm('links', () => new Map<string, Link>());
const connecting = () => realm('connecting links', () => new Set<Promise<void>>());

/** The connection of this thread to the broker of a process; one, however many things live there. */
export function linkTo(home: Home): Link {
	const known = links().get(home.socket);
	if (known !== undefined) return known;
	const link = new Link(home);
	links().set(home.socket, link);
	connecting().add(link.ready);
	void link.ready.then(() => connecting().delete(link.ready));
	return link;
}

/** Resolves when all links that are being made have been made, or have failed; undefined when there are none. */
export function linksReady(): Promise<unknown> | undefined {
	const all = connecting();
	return all.size === 0 ? undefined : Promise.all(all);
}

/**
 * Two connections to one broker: one for the event loop, and one for calls that block, on which this thread sleeps in
 * the system until the answer comes.
 */
export class Link {
	/** Settles when it was made, or could not be; never rejects: whoever asks then gets the error. */
	readonly ready: Promise<void>;
	readonly #home: Home;
	readonly #client = crypto().randomUUID();
	#events: { readonly socket: Socket; readonly outlet: Outlet } | null = null;
	/** What blocking calls go through; the socket keeps it open, or another thread. */
	#blocking: { readonly fd: number; readonly socket: Socket | null } | null = null;
	readonly #answers = new Messages();
	readonly #asking = new Map<number, Asking>();
	/** How many objects of this thread stand for what lives there. */
	readonly #held = new Map<number, number>();
	#next = 1;
	#lost: HomeLostError | null = null;

	constructor(home: Home) {
		this.#home = home;
		this.ready = this.#connect().catch((error: unknown) => void this.#lose(error));
	}

	/** Asks, and resolves with the answer. Aborting takes the question back, unless it was answered before. */
	async ask(message: (id: number) => Message, signal?: AbortSignal): Promise<unknown> {
		signal?.throwIfAborted();
		if (this.#events === null && this.#lost === null) await this.ready;
		if (this.#lost !== null) throw this.#lost;
		signal?.throwIfAborted();
		const id = this.#next++;
		let unfollow: (() => void) | undefined;
		try {
			return await new Promise((resolve, reject) => {
				this.#asking.set(id, { resolve, reject });
				if (this.#asking.size === 1) this.#events?.socket.ref();
				this.#say(message(id));
				if (signal !== undefined) unfollow = follow(signal, () => this.#say([CANCEL, id]));
			});
		} catch (error) {
			throw signal?.aborted && isAbort(error) ? signal.reason : error;
		} finally {
			unfollow?.();
			this.#asking.delete(id);
			if (this.#asking.size === 0) this.#events?.socket.unref();
		}
	}

	/**
	 * Asks, and blocks this thread until the answer is there.
	 *
	 * @param accept throws what is thrown in place of an answer that is not wanted, which then goes back
	 */
	askSync(message: (id: number) => Message, accept?: (answer: unknown) => void): unknown {
		const fd = this.#descriptor();
		sendCalls(); // what is waited for may be up to a call made in this very turn
		this.#events?.outlet.flushSync();
		let answer: Message | undefined;
		const answers = new Messages();
		try {
			writeAll(fd, frameOf(message(this.#next++)));
			while (answer === undefined) {
				answers.push(readSome(fd), (message) => {
					if (message[0] !== BEAT) answer = message;
				});
			}
		} catch (error) {
			throw this.#lose(error);
		}
		const [type, id, value] = answer;
		if (type === FAILED) throw errorIn(answer);
		if (type === DONE) return value;
		try {
			accept?.(value);
		} catch (error) {
			writeAll(fd, frameOf([REFUSED, id]));
			throw error;
		}
		writeAll(fd, frameOf([TOOK, id]));
		return value;
	}

	/** One more object of this thread stands for it. */
	hold(target: number): void {
		this.#held.set(target, (this.#held.get(target) ?? 0) + 1);
	}

	/** One less does; its home is told when none is left. */
	drop(target: number): void {
		const left = (this.#held.get(target) as number) - 1;
		if (left > 0) return void this.#held.set(target, left);
		this.#held.delete(target);
		if (this.#events !== null && this.#lost === null) this.#say([DROP, target]);
	}

	#say(message: Message): void {
		this.#events?.outlet.write(frameOf(message));
	}

	async #connect(): Promise<void> {
		const [events, blocking] = await Promise.all([this.#open('events'), this.#open('blocking')]);
		this.#events = { socket: events, outlet: new Outlet(events, descriptorOf(events)) };
		events.on('data', (chunk: Buffer) => this.#answers.push(chunk, (message) => this.#hear(message)));
		events.on('close', () => this.#lose(undefined));
		process.on('exit', () => this.#events?.outlet.flushSync());
		events.unref();
		this.#blocking = { fd: descriptorOf(blocking), socket: blocking };
	}

	/** Tries until somebody is there: a broker is asked for while it is being started. */
	async #open(lane: Lane): Promise<Socket> {
		for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
			try {
				const socket = await opened(this.#home.socket);
				await this.#introduce(socket, lane);
				return socket;
			} catch (error) {
				if (!isNotYet(error) || this.#isHomeGone()) throw error;
			}
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}

	/** Says who this is, and waits for the answer. */
	async #introduce(socket: Socket, lane: Lane): Promise<void> {
		const hello = new Promise<void>((resolve, reject) => {
			socket.once('data', () => resolve());
			socket.once('close', () => reject(new Error('its broker has refused this process')));
		});
		socket.write(frameOf([HELLO, this.#client, lane]));
		await hello;
		socket.removeAllListeners('data');
		socket.removeAllListeners('close');
		if (lane === 'events') return;
		// From now on only blocking calls read it.
		socket.pause();
		socket.unref();
		(socket as unknown as { _handle?: { setBlocking?(isBlocking: boolean): void } })._handle?.setBlocking?.(
			true,
		);
	}

	#hear(message: Message): void {
		const [type, id, value] = message;
		const asking = this.#asking.get(id as number) as Asking;
		if (type === FAILED) return asking.reject(errorIn(message));
		asking.resolve(value);
		if (type === GIVEN) this.#say([TOOK, id]);
	}

	#descriptor(): number {
		if (this.#lost !== null) throw this.#lost;
		if (process.platform === 'win32')
			throw new TypeError('this system cannot block on a socket: use the form with await');
		if (this.#blocking === null) {
			const fd = connectBlocked(this.#home.socket, frameOf([HELLO, this.#client, 'urgent']));
			if (fd === null) throw this.#lose(undefined);
			this.#blocking = { fd, socket: null };
		}
		return this.#blocking.fd;
	}

	/** The process has ended, or cannot be reached: whoever waits, and whoever comes, gets the error. */
	#lose(cause: unknown): HomeLostError {
		const { name, pid } = this.#home;
		this.#lost ??= new HomeLostError(
			`${name} (pid ${pid}) has ended, and what lives in it with it`,
			cause === undefined ? undefined : { cause },
		);
		this.#events?.outlet.close();
		this.#events?.socket.destroy();
		this.#blocking?.socket?.destroy();
		for (const { reject } of this.#asking.values()) reject(this.#lost);
		return this.#lost;
	}

	#isHomeGone(): boolean {
		const { pid, socket } = this.#home;
		return isGone(pid) || (process.platform !== 'win32' && !existsSync(dirname(socket)));
	}
}

function opened(path: string): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(path);
		socket.once('error', reject);
		socket.once('connect', () => {
			socket.on('error', () => {});
			resolve(socket);
		});
	});
}

/** Nobody listens yet, or too many come at once. */
function isNotYet(error: unknown): boolean {
	return ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes((error as { code?: string }).code ?? '');
}

function isAbort(error: unknown): boolean {
	return (error as { name?: unknown } | null)?.name === 'AbortError';
}

function errorIn([, , bytes, hasNeeds]: Message): unknown {
	return new Parcel({ bytes: bytes as Uint8Array, hasNeeds: hasNeeds as boolean }).open();
}

function writeAll(fd: number, bytes: Buffer): void {
	for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** What has come, as soon as something has. */
function readSome(fd: number): Buffer {
	const room = Buffer.allocUnsafe(CHUNK_BYTES);
	for (;;) {
		try {
			const count = readSync(fd, room);
			if (count === 0) throw new Error('its broker has closed the connection');
			return room.subarray(0, count);
		} catch (error) {
			if ((error as { code?: string }).code !== 'EINTR') throw error;
		}
	}
}
