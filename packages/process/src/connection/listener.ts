import { createServer, type Server, type Socket } from 'node:net';
import { TimeoutError, type WaitOptions } from '@conc/core';
import { ConnectionError } from '../errors.js';
import {
	type Address,
	type AskedAddress,
	type ConnectionOptions,
	readAddress,
	readOptions,
	show,
} from './address.js';
import { bind } from './bind.js';
import { Connection } from './connection.js';
import { HANDSHAKE_BYTES, shakeHands } from './handshake.js';
import { Hold } from './hold.js';
import { type Found, Line } from './line.js';
import { SocketEnd } from './socket-end.js';
import { Wire } from './wire.js';

/** So many may wait to be accepted or to prove their key; who comes then is turned away. */
const MOST_WAITING = 1_000;

/** What has become of one who came: its wire, or why it has none. */
type Arrival = Wire | Error;

/**
 * Waits for others to connect. (`multiprocessing.connection.Listener`)
 *
 * The file at `path` is its socket, which only this user may use; it is removed at the end, and one that a listener
 * left behind which has died is replaced. Over TCP the host is 127.0.0.1 when left out, and an `authkey` is required. A
 * listener keeps this process alive only while something waits in `accept`.
 *
 *     const listener = new Listener({ path: '/tmp/jobs.sock' });
 *     const connection = await listener.accept();
 */
export class Listener<T = unknown> {
	/** Resolves when it listens; rejects with a ConnectionError when it cannot, as `accept` does. */
	readonly ready: Promise<this>;
	readonly #asked: Address;
	readonly #options: ReturnType<typeof readOptions>;
	readonly #server: Server;
	readonly #line: Line;
	/** Those who came and are proving their key. */
	readonly #coming = new Set<Wire>();
	readonly #arrivals: Arrival[] = [];
	#failure: Error | null = null;

	constructor(address: AskedAddress, options: ConnectionOptions = {}) {
		this.#asked = readAddress(address, 0);
		this.#options = readOptions(options, this.#asked);
		this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
		this.#line = new Line(new Hold(this.#server));
		this.#server.on('connection', (socket) => void this.#receive(socket));
		this.ready = bind(this.#server, this.#asked).then(() => {
			this.#server.on('error', () => {}); // a connection that failed is no affair of the others
			if (this.#failure !== null) this.#server.close();
			return this;
		});
		this.ready.catch((error: Error) => this.#end(error)); // who accepts is told
	}

	/** Where it listens: the real port, when 0 was asked for. Throws a ConnectionError before that is known. */
	get address(): Address {
		const { host, port } = this.#asked;
		if (host === undefined || port !== 0) return this.#asked;
		const bound = this.#server.address();
		if (bound !== null && typeof bound === 'object') return { host, port: bound.port };
		throw this.#failure ?? new ConnectionError('the port is not known yet: await listener.ready first');
	}

	/**
	 * The connection of the next one who comes. Rejects with an AuthenticationError for one who does not prove that it
	 * has the key: the others can still be accepted. Rejects with a TimeoutError when nobody came. (`Listener.accept`)
	 */
	async accept(options?: WaitOptions): Promise<Connection<T>> {
		const found = await this.#line.wait(
			() => this.#next(),
			options,
			() => this.#line.serve(),
		);
		if (found !== null) return new Connection<T>(new SocketEnd(found.value));
		throw new TimeoutError(`nobody connected to ${show(this.#asked)} within ${options?.timeout} ms`);
	}

	/** Listens no more: who waits in `accept` gets a ConnectionError. What was accepted stays open. (`Listener.close`) */
	close(): void {
		this.#end(new ConnectionError(`the listener at ${show(this.#asked)} is closed`));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.close();
	}

	toString(): string {
		return `Listener(${show(this.#server.listening ? this.address : this.#asked)}${this.#failure === null ? '' : ', closed'})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	#next(): Found<Wire> | null {
		if (this.#failure !== null) throw this.#failure;
		const arrival = this.#arrivals.shift();
		if (arrival === undefined) return null;
		if (arrival instanceof Error) throw arrival;
		return { value: arrival };
	}

	async #receive(socket: Socket): Promise<void> {
		const isFull = this.#coming.size + this.#arrivals.length >= MOST_WAITING;
		if (isFull || this.#failure !== null) return void socket.destroy();
		const { authkey, maxMessageBytes } = this.#options;
		const peer = `a client of ${show(this.address)}`;
		const wire = new Wire(socket, peer, authkey === undefined ? maxMessageBytes : HANDSHAKE_BYTES);
		this.#coming.add(wire);
		let arrival: Arrival = wire;
		try {
			if (authkey !== undefined) await shakeHands(wire, 'listener', authkey);
			wire.inbox.limit = maxMessageBytes;
		} catch (error) {
			arrival = error as Error;
		}
		this.#coming.delete(wire);
		this.#arrivals.push(arrival);
		this.#line.serve();
	}

	#end(error: Error): void {
		if (this.#failure !== null) return;
		this.#failure = error;
		this.#server.close();
		for (const wire of this.#coming) wire.end(error);
		for (const arrival of this.#arrivals.splice(0)) if (arrival instanceof Wire) arrival.end(error);
		this.#line.serve();
	}
}
