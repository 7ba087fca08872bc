import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import type { Address } from '@conc/process';
import { afterEach } from 'vitest';
import { got } from './meeting.js';

const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const HEADER_BYTES = 8;
/** What a frame holds: messages as the engine writes them, or as text. */
export const MESSAGES = 0xc0c0fade;
export const TEXT = 0xc0c0fabe;

export const HELLO = 0;
export const ASK = 1;
export const DONE = 4;
export const FAILED = 5;
export const GIVEN = 7;
export const RUN = 11;

const opened = new Set<Socket>();
const servers = new Set<Server>();

afterEach(() => {
	for (const socket of opened) socket.destroy();
	opened.clear();
	for (const server of servers) server.close();
	servers.clear();
});

/** A socket of somebody who does not use this package. */
export async function stranger({ host, port }: Address): Promise<Socket> {
	const socket = connect({ host: host as string, port: port as number });
	opened.add(socket);
	socket.on('error', () => {});
	await new Promise((resolve) => socket.once('connect', resolve));
	return socket;
}

/** What one end signs, written out here again. */
export function sign(key: string, role: string, brokers: Uint8Array, clients: Uint8Array): Buffer {
	const hmac = createHmac('sha256', key).update(`@conc/core broker 1 ${role}`);
	return hmac.update(brokers).update(clients).digest();
}

export const own = Buffer.alloc(NONCE_BYTES, 1);

/** A message as a frame. */
export function frame(message: unknown): Buffer {
	return framed(serialize([message]), MESSAGES);
}

/** Any bytes as a frame. */
export function framed(body: Uint8Array, kind: number, length = body.length): Buffer {
	const header = Buffer.alloc(HEADER_BYTES);
	header.writeUInt32LE(kind);
	header.writeUInt32LE(length, 4);
	return Buffer.concat([header, body]);
}

/** A client that has the key, and says what it likes. */
export class Peer {
	readonly socket: Socket;

	private constructor(socket: Socket) {
		this.socket = socket;
	}

	static async of(address: Address, key: string): Promise<Peer> {
		const socket = await stranger(address);
		const challenge = await got(socket, NONCE_BYTES);
		socket.write(Buffer.concat([own, sign(key, 'client', challenge, own)]));
		await got(socket, NONCE_BYTES);
		return new Peer(socket);
	}

	/** One that is known to the broker. */
	static async introduced(address: Address, key: string): Promise<Peer> {
		const peer = await Peer.of(address, key);
		peer.socket.write(frame([HELLO, crypto.randomUUID(), 'events']));
		await peer.next();
		return peer;
	}

	/** The next message it is told. */
	async next(): Promise<unknown[]> {
		const header = await got(this.socket, HEADER_BYTES);
		const body = await got(this.socket, header.readUInt32LE(4));
		const [message] = header.readUInt32LE() === MESSAGES ? deserialize(body) : JSON.parse(body.toString());
		return message;
	}

	/** What is answered to a question. */
	async ask(target: unknown, member: unknown, args: unknown, part: unknown = ''): Promise<unknown[]> {
		this.socket.write(frame([ASK, 1, target, part, member, args, null]));
		return this.next();
	}
}

/** A server that has the key, greets as a broker does, and answers the first question with these bytes; gives its port. */
export async function impostor(key: string, answer: Uint8Array): Promise<number> {
	const server = createServer(async (socket) => {
		opened.add(socket);
		socket.on('error', () => {});
		socket.write(own);
		const proven = await got(socket, NONCE_BYTES + PROOF_BYTES);
		socket.write(sign(key, 'broker', own, proven.subarray(0, NONCE_BYTES)));
		await got(socket, (await got(socket, HEADER_BYTES)).readUInt32LE(4));
		socket.write(frame([DONE, 0, null]));
		await got(socket, 1);
		socket.write(answer);
	}).listen(0, '127.0.0.1');
	servers.add(server);
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}
