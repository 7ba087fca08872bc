import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Address, type Connection, connect, Listener, Pipe, Process } from '@conc/process';
import { afterEach } from 'vitest';

const key = 'a key';
const opened: (() => void)[] = [];

afterEach(() => {
	for (const close of opened.splice(0).reverse()) close();
});

/** A name for a socket's file, in a directory that is removed after the test. */
export function socketFile(): string {
	const directory = mkdtempSync(path.join(tmpdir(), 'conc-'));
	opened.push(() => rmSync(directory, { recursive: true }));
	return path.join(directory, 'socket');
}

/** The ways to meet any program, with the options both ends use. */
const ways = {
	path: () => ({ address: { path: socketFile() }, options: {} }),
	TCP: () => ({ address: { port: 0 }, options: { authkey: key } }),
};
type NetworkWay = keyof typeof ways;
export type Way = NetworkWay | 'pipe';

interface Limits {
	readonly maxMessageBytes?: number;
}

/** A listener, which is closed after the test. */
export async function listen(
	way: NetworkWay,
	limits: Limits = {},
): Promise<{ listener: Listener; options: object }> {
	const { address, options } = ways[way]();
	const listener = new Listener(address, { ...options, ...limits });
	opened.push(() => listener.close());
	await listener.ready;
	return { listener, options };
}

/** The two ends of a connection, which are closed after the test. */
export async function meet(way: Way, limits: Limits = {}): Promise<[here: Connection, there: Connection]> {
	const [here, there] = way === 'pipe' ? Pipe() : await meetByNetwork(way, limits);
	opened.push(
		() => here.close(),
		() => there.close(),
	);
	return [here, there];
}

async function meetByNetwork(way: NetworkWay, limits: Limits): Promise<[Connection, Connection]> {
	const { listener, options } = await listen(way, limits);
	return Promise.all([listener.accept(), connect(listener.address, { ...options, ...limits })]);
}

/** A child that runs this with its ends of as many connections as it asks for, and our ends of them. */
export async function meetChild<Ends extends Connection[]>(
	way: Way,
	target: (...theirs: Ends) => Promise<void>,
): Promise<[child: Process, ...ours: Ends]> {
	const count = target.length;
	if (way === 'pipe') {
		const pipes = Array.from({ length: count }, () => Pipe());
		const theirs = pipes.map(([, there]) => there) as Ends;
		return [new Process({ target, args: theirs }).start(), ...(pipes.map(([here]) => here) as Ends)];
	}
	const { listener, options } = await listen(way);
	const child = new Process({
		target: async (address: Address) => {
			const theirs: Connection[] = [];
			while (theirs.length < count) theirs.push(await connect(address, options));
			await target(...(theirs as Ends));
		},
		args: [listener.address],
	}).start();
	const ours: Connection[] = [];
	while (ours.length < count) ours.push(await listener.accept());
	return [child, ...(ours as Ends)];
}

/** A socket of somebody who does not use this package. */
export async function stranger(address: Address): Promise<Socket> {
	const socket = connectSocket({ ...address, allowHalfOpen: true });
	opened.push(() => socket.destroy());
	socket.on('error', () => {});
	await new Promise((resolve) => socket.once('connect', resolve));
	return socket;
}

/** What a socket has got so far, once it is so much. */
export async function got(socket: Socket, bytes: number): Promise<Buffer> {
	for (;;) {
		const all = socket.read(bytes) as Buffer | null;
		if (all !== null) return all;
		await new Promise((resolve) => socket.once('readable', resolve));
	}
}

/** Resolves when the other end of a socket has closed it. */
export function closed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		socket.resume();
		socket.once('end', resolve).once('close', resolve);
	});
}

export const VALUE = 0xc1;
export const BYTES = 0xc2;
export const HANDSHAKE = 0xc3;

/** A frame as it goes over the socket. */
export function frame(kind: number, body: Uint8Array, length = body.length): Buffer {
	const header = Buffer.alloc(5);
	header.writeUInt8(kind);
	header.writeUInt32LE(length, 1);
	return Buffer.concat([header, body]);
}
