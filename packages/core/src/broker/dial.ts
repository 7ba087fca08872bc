import { existsSync } from 'node:fs';
import type { NetConnectOpts, Socket } from 'node:net';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { follow } from '../aborts.js';
import { stopReading } from '../channel/outlet.js';
import { processTitle, threadName } from '../here.js';
import { net } from '../lazy.js';
import type { Home } from './handle.js';
import { shakeHands } from './handshake.js';
import { frameOf, HELLO, type Lane, type Message } from './message.js';
import { isGone } from './room.js';
import { type Connected, connectBlocked } from './urgent.js';

/** How long to wait for a broker that is just being started before looking again. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 20;
/** A broker that does not listen after so long never will. */
const LONGEST_START_MS = 30_000;

/** A connection to the broker of a process, which knows who it is for. Tries until somebody is there, as it may be starting, or
 * it is aborted, which ends it also afterwards. */
export async function dial(home: Home, client: string, lane: Lane, signal: AbortSignal): Promise<Socket> {
	const until = performance.now() + LONGEST_START_MS;
	for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
		try {
			const socket = await opened(home, signal);
			await introduce(socket, client, lane);
			return socket;
		} catch (error) {
			if (signal.aborted || !isNotYet(error) || !mayCome(home) || performance.now() > until) throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, pause));
	}
}

/** The same for a thread that blocks already; null when nobody is there. */
export function dialBlocked(home: Home, client: string): Connected | null {
	const { at, authkey, name } = home;
	if (!('path' in at) || authkey !== null)
		throw new TypeError(`this thread is not connected to ${name} yet: use the form with await first`);
	const sleeper = new Int32Array(new SharedArrayBuffer(4));
	const until = performance.now() + LONGEST_START_MS;
	for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
		// Each try takes a thread.
		const isThere = !mayCome(home) || existsSync(at.path);
		const connected = isThere ? connectBlocked(at.path, frameOf(hello(client, 'urgent'))) : null;
		if (connected !== null || !mayCome(home) || performance.now() > until) return connected;
		Atomics.wait(sleeper, 0, 0, pause);
	}
}

async function opened({ at, authkey }: Home, signal: AbortSignal): Promise<Socket> {
	signal.throwIfAborted();
	const socket = net().connect({ ...at, noDelay: true, keepAlive: true } as NetConnectOpts);
	// A socket that is given the signal leaves its listener there when it fails, and Node warns of the eleventh.
	socket.once(
		'close',
		follow(signal, () => socket.destroy(signal.reason)),
	);
	await new Promise<void>((resolve, reject) => socket.once('error', reject).once('connect', resolve));
	socket.on('error', () => {});
	if (authkey !== null) await shakeHands(socket, 'client', authkey);
	return socket;
}

/** Says who this is, and waits for the answer. */
async function introduce(socket: Socket, client: string, lane: Lane): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		const refused = () => reject(new Error('its broker has refused this process'));
		socket.once('close', refused);
		socket.once('data', () => {
			socket.off('close', refused);
			resolve();
		});
		socket.write(frameOf(hello(client, lane)));
	});
	if (lane === 'events') return;
	// From now on only blocking calls read it.
	socket.pause();
	socket.unref();
	stopReading(socket);
}

function hello(client: string, lane: Lane): Message {
	return [HELLO, client, lane, isMainThread ? processTitle() : `${threadName()} of ${processTitle()}`];
}

/** Nobody listens yet, or too many come at once. */
function isNotYet(error: unknown): boolean {
	return ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes((error as { code?: string }).code ?? '');
}

/** Whether its broker may still be starting. */
function mayCome({ pid, at }: Home): boolean {
	if (pid === 0 || isGone(pid) || !('path' in at)) return false;
	return process.platform === 'win32' || existsSync(dirname(at.path));
}
