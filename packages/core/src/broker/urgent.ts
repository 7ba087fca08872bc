import { Worker } from 'node:worker_threads';

const READY = 0;
const FD = 1;

/** Looks again so often whether the thread that connects has ended without a word. */
const LONGEST_MS = 10_000;

/**
 * The descriptor of a connection, for a thread that blocks already: Node connects only in an event loop, so that of
 * another thread does it, and keeps the socket open. Null when nobody is there.
 */
export function connectBlocked(path: string, hello: Buffer): number | null {
	const words = new Int32Array(new SharedArrayBuffer(8));
	const worker = new Worker(program, { eval: true, workerData: { path, hello, words } });
	worker.unref();
	worker.on('error', () => {});
	if (Atomics.wait(words, READY, 0, LONGEST_MS) === 'timed-out') return null;
	const fd = Atomics.load(words, FD);
	return fd === -1 ? null : fd;
}

const program = `
const { workerData: { path, hello, words } } = require('node:worker_threads');
const socket = require('node:net').connect(path);
const tell = (fd) => {
	Atomics.store(words, ${FD}, fd);
	Atomics.store(words, ${READY}, 1);
	Atomics.notify(words, ${READY});
};
socket.on('error', () => tell(-1));
socket.on('connect', () => socket.write(hello));
socket.once('data', () => {
	socket.pause();
	socket._handle.readStop(); // paused alone, it would still take the first answer
	socket._handle.setBlocking(true);
	tell(socket._handle.fd);
	setInterval(() => {}, 1e9);
});
`;
