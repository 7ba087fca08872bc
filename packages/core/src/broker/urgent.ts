import { Worker } from 'node:worker_threads';

const READY = 0;
const FD = 1;

/** A thread that connects and says nothing for so long has ended without a word. */
const LONGEST_MS = 10_000;

export interface Connected {
	readonly fd: number;
	close(): void;
}

/**
 * A connection for a thread that blocks already: Node connects only in an event loop, so that of another thread does
 * it, and keeps the socket open. Null when nobody is there.
 */
export function connectBlocked(path: string, hello: Buffer): Connected | null {
	const words = new Int32Array(new SharedArrayBuffer(8));
	const worker = new Worker(program, { eval: true, workerData: { path, hello, words } });
	worker.unref();
	worker.on('error', () => {});
	const close = () => void worker.terminate();
	const fd = Atomics.wait(words, READY, 0, LONGEST_MS) === 'timed-out' ? -1 : Atomics.load(words, FD);
	if (fd !== -1) return { fd, close };
	close();
	return null;
}

const program = `
const { workerData: { path, hello, words } } = require('node:worker_threads');
const socket = require('node:net').connect(path);
const tell = (fd) => {
	if (Atomics.load(words, ${READY}) === 1) return;
	Atomics.store(words, ${FD}, fd);
	Atomics.store(words, ${READY}, 1);
	Atomics.notify(words, ${READY});
};
socket.on('error', () => {});
socket.on('close', () => tell(-1));
socket.on('connect', () => socket.write(hello));
socket.once('data', () => {
	socket.pause();
	socket._handle.readStop(); // or this loop would take the answers
	socket._handle.setBlocking(true);
	tell(socket._handle.fd);
	setInterval(() => {}, 1e9);
});
`;
