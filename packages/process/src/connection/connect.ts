import { connect as connectSocket } from 'node:net';
import { readSignal, readTimeout, TimeoutError, type WaitOptions, waitFor } from '@conc/core';
import {
	type AskedAddress,
	type ConnectionOptions,
	readAddress,
	readOptions,
	show,
	whyNot,
} from './address.js';
import { Connection } from './connection.js';
import { HANDSHAKE_BYTES, shakeHands } from './handshake.js';
import { SocketEnd } from './socket-end.js';
import { Wire } from './wire.js';

/** How long `connect` may take besides. */
export interface ConnectOptions extends ConnectionOptions, WaitOptions {}

/**
 * Connects to a listener, in this program or any other. (`multiprocessing.connection.Client`)
 *
 * Rejects with a ConnectionError when nobody listens there, with an AuthenticationError when the two do not have the
 * same `authkey`, with a TimeoutError when it took longer than `timeout` milliseconds; then nothing stays open.
 */
export async function connect<T = unknown>(
	address: AskedAddress,
	options: ConnectOptions = {},
): Promise<Connection<T>> {
	const timeout = readTimeout(options);
	const at = readAddress(address, 1);
	const { authkey, maxMessageBytes } = readOptions(options, at);
	readSignal(options)?.throwIfAborted();
	const peer = `the listener at ${show(at)}`;
	const socket = connectSocket({ ...at, allowHalfOpen: true, noDelay: true, keepAlive: true });
	const connected = new Promise<Wire>((resolve, reject) => {
		socket.once('error', (cause) => reject(whyNot(at, cause)));
		socket.once('connect', () => {
			resolve(new Wire(socket, peer, authkey === undefined ? maxMessageBytes : HANDSHAKE_BYTES));
		});
	});
	const ready = connected.then(async (wire) => {
		if (authkey !== undefined) await shakeHands(wire, 'client', authkey);
		wire.inbox.limit = maxMessageBytes;
		return new Connection<T>(new SocketEnd(wire));
	});
	try {
		if (await waitFor(ready, options)) return await ready;
		throw new TimeoutError(`${peer} did not answer within ${timeout} ms`);
	} catch (error) {
		socket.destroy();
		throw error;
	}
}
