import { createHmac } from 'node:crypto';
import { AuthenticationError, connect, EndOfStreamError, Listener, Process } from '@conc/process';
import { describe, expect, it } from 'vitest';
import { closed, frame, got, HANDSHAKE, socketFile, stranger, VALUE } from './support/meeting.js';

const authkey = 'the right key';
const headerBytes = 5;
const challengeBytes = headerBytes + 32;

async function guarded(): Promise<Listener> {
	return new Listener({ path: socketFile() }, { authkey }).ready;
}

/** What one end signs, written out here again. */
function sign(key: string, role: string, listeners: Uint8Array, clients: Uint8Array): Buffer {
	const hmac = createHmac('sha256', key).update(`@conc/process connection 1 ${role}`);
	return hmac.update(listeners).update(clients).digest();
}

const own = Buffer.alloc(32, 1);

describe('the handshake', () => {
	it('lets two ends with one key through, as text or as bytes, in another process too', async () => {
		const listener = await guarded();
		const child = new Process({
			target: async (path: string | undefined, authkey: Uint8Array) => {
				const connection = await connect({ path: path as string }, { authkey });
				await connection.send(process.pid);
			},
			args: [listener.address.path, new TextEncoder().encode(authkey)],
		}).start();
		expect(await (await listener.accept()).recv()).toBe(child.pid);
		listener.close();
		await child.join();
	});

	it.each(['the wrong key', 'the right key and more', 'the', '\0'])(
		'refuses %j at both ends, and the listener goes on',
		async (wrong) => {
			const listener = await guarded();
			const outcomes = await Promise.allSettled([
				listener.accept(),
				connect(listener.address, { authkey: wrong }),
			]);
			for (const { status, ...rest } of outcomes) {
				expect(status).toBe('rejected');
				expect((rest as { reason: unknown }).reason).toBeInstanceOf(AuthenticationError);
			}
			const [here, there] = await Promise.all([listener.accept(), connect(listener.address, { authkey })]);
			await there.send('in');
			expect(await here.recv()).toBe('in');
			listener.close();
		},
	);

	it('accepts the proof that the protocol asks for', async () => {
		const listener = await guarded();
		const socket = await stranger(listener.address);
		const challenge = (await got(socket, challengeBytes)).subarray(headerBytes);
		socket.write(frame(HANDSHAKE, Buffer.concat([own, sign(authkey, 'client', challenge, own)])));
		const proof = (await got(socket, challengeBytes)).subarray(headerBytes);
		expect(proof.equals(sign(authkey, 'listener', challenge, own))).toBe(true);
		(await listener.accept()).close();
		listener.close();
	});

	type Answer = (challenge: Buffer) => Uint8Array;
	it.each<[string, Answer]>([
		['the challenge reflected', (challenge) => frame(HANDSHAKE, challenge)],
		[
			'the challenge for its own',
			(c) => frame(HANDSHAKE, Buffer.concat([c, sign(authkey, 'listener', c, c)])),
		],
		[
			'the proof of the other role',
			(c) => frame(HANDSHAKE, Buffer.concat([own, sign(authkey, 'listener', c, own)])),
		],
		[
			'a proof of another challenge',
			() => frame(HANDSHAKE, Buffer.concat([own, sign(authkey, 'client', own, own)])),
		],
		[
			'a proof that is cut off',
			(c) => frame(HANDSHAKE, Buffer.concat([own, sign(authkey, 'client', c, own)]).subarray(0, -1)),
		],
		['nothing', () => frame(HANDSHAKE, Buffer.alloc(0))],
		['a value before it has proved anything', () => frame(VALUE, Buffer.from('ff0f4622026869', 'hex'))],
		['a step that is too long', () => frame(HANDSHAKE, Buffer.alloc(257))],
		['the length of one that is too long', () => frame(HANDSHAKE, Buffer.alloc(0), 2 ** 31)],
		['no frame', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
	])('refuses %s', async (_, answer) => {
		const listener = await guarded();
		const socket = await stranger(listener.address);
		const refused = expect(listener.accept()).rejects.toBeInstanceOf(AuthenticationError);
		socket.write(answer((await got(socket, challengeBytes)).subarray(headerBytes)));
		await refused;
		await closed(socket);
		const [here] = await Promise.all([listener.accept(), connect(listener.address, { authkey })]);
		expect(here.closed).toBe(false);
		listener.close();
	});

	it('gives each client another challenge, so that none can be replayed', async () => {
		const listener = await guarded();
		const sockets = [await stranger(listener.address), await stranger(listener.address)];
		const [first, second] = await Promise.all(sockets.map((socket) => got(socket, challengeBytes)));
		expect(first).not.toEqual(second);
		listener.close();
	});

	it('is given up when an end takes too long, and holds nobody else up meanwhile', async () => {
		const listener = await guarded();
		const silent = await stranger(listener.address);
		const [here, there] = await Promise.all([listener.accept(), connect(listener.address, { authkey })]);
		await there.send('meanwhile');
		expect(await here.recv()).toBe('meanwhile');
		const waiting = listener.accept();
		await expect(waiting).rejects.toThrow('did not complete the handshake');
		await closed(silent);
		listener.close();
	}, 30_000);

	it('fails at the client when the listener closes, or proves nothing', async () => {
		const listener = await guarded();
		const { address } = listener;
		const open = new Listener({ path: socketFile() });
		await open.ready;
		const closing = open.accept().then((connection) => connection.close());
		await expect(connect(open.address, { authkey })).rejects.toBeInstanceOf(AuthenticationError);
		await closing;
		const keyless = await connect(address);
		await expect(keyless.recv()).rejects.toThrow('asks for an authkey');
		await expect(listener.accept()).rejects.toBeInstanceOf(AuthenticationError);
		open.close();
		listener.close();
	});

	it('is none where there is no key', async () => {
		const listener = await new Listener({ path: socketFile() }).ready;
		const socket = await stranger(listener.address);
		const connection = await listener.accept();
		socket.end();
		await expect(connection.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		listener.close();
	});
});
