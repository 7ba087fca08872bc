import { fstatSync, writeSync } from 'node:fs';
import { now } from '../clock.js';
import { Registry } from '../liveness/registry.js';
import { realm } from '../realm.js';
import { describeTerminal } from './terminal.js';

/** How long to wait for a slow reader of a full pipe before trying again. */
const FULL_PIPE_MS = 1;

/** The descriptors to which a thread prints. */
export interface Outputs {
	readonly stdout: number;
	readonly stderr: number;
}

const STDOUT = 1;
const STDERR = 2;

/** Those of this thread, which the threads it starts inherit. */
export const outputs = () => realm<Outputs>('outputs', () => ({ stdout: STDOUT, stderr: STDERR }));

/**
 * Lets this thread's stdout and stderr write to descriptors from where they are. Node's own way leads through the main
 * thread: nothing appears while that blocks, and the last lines of a terminated thread are lost.
 */
export function writeDirectly(to: Outputs): void {
	realm('outputs', () => to);
	for (const name of ['stdout', 'stderr'] as const) {
		writeThrough(process[name], to[name]);
		describeTerminal(process[name], to[name]);
	}
}

/**
 * Lets a stream write to a descriptor, each chunk at once; all else of it is as Node made it. What cannot be written is an
 * error for the callback and for those who listen; without any, it ends nothing. The stream goes on in either case.
 */
export function writeThrough(stream: NodeJS.WriteStream, fd: number): void {
	let failure: Error | null = null;
	const write = (bytes: Uint8Array, done: (error: Error | null) => void) => {
		const error = inTurn(fd, () => writeWhole(fd, bytes));
		if (error !== null) {
			failure = error;
			if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
		}
		done(error);
	};
	// As Node has it for the streams of a main thread, which may be written to again, such as when a disk has room.
	const { _destroy: destroy } = stream;
	stream._destroy = (error, done) => {
		if (error === null || error !== failure) return destroy.call(stream, error, done);
		done(error);
		(stream as NodeJS.WriteStream & { _undestroy(): void })._undestroy();
	};
	stream._write = (chunk, encoding, done) => write(bytesOf(chunk, encoding), done);
	stream._writev = (chunks, done) => {
		write(Buffer.concat(chunks.map(({ chunk, encoding }) => bytesOf(chunk, encoding))), done);
	};
}

/** Writes what a stream holds back because it is corked: this thread ends. */
export function writeHeldBack(): void {
	for (const stream of [process.stdout, process.stderr]) while (stream.writableCorked > 0) stream.uncork();
}

/** Settles when all that was printed has left this thread or process. */
export async function allWritten(): Promise<void> {
	writeHeldBack();
	await Promise.all([written(process.stdout), written(process.stderr)]);
}

/** The same of one stream; also when nothing can leave it any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
	return new Promise((resolve) => {
		if (stream.errored !== null) return void setImmediate(resolve); // it is about to be told, and may be uncaught
		if (stream.writableLength === 0 || stream.destroyed) return resolve();
		stream.once('close', resolve);
		stream.write('', () => resolve());
	});
}

/** Prints what must be seen, also where the stream was ended. */
export function printError(text: string): void {
	writeHeldBack();
	const { stderr } = outputs();
	inTurn(stderr, () => writeWhole(stderr, Buffer.from(text)));
}

function bytesOf(chunk: string | Uint8Array, encoding: BufferEncoding): Uint8Array {
	return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

/**
 * Runs `write` while no other thread of this process writes to the same file or pipe: what is longer than a pipe takes
 * at once would mix with theirs. A thread that ends in the middle of a line loses its turn.
 */
function inTurn<T>(fd: number, write: () => T): T {
	const registry = Registry.ours();
	const words = registry.turns;
	const at = fileOf(fd) % words.length;
	const self = registry.self();
	const giveUp = now() + (process.platform === 'linux' ? Number.POSITIVE_INFINITY : PATIENCE_MS);
	const takesFrom = (owner: number) => Atomics.compareExchange(words, at, owner, self) === owner;
	while (!takesFrom(0) && now() < giveUp) {
		const owner = Atomics.load(words, at);
		if (owner === 0) continue;
		Atomics.wait(words, at, owner, LOOK_AGAIN_MS);
		if (!registry.isAlive(owner) && takesFrom(owner)) break;
	}
	try {
		return write();
	} finally {
		if (Atomics.compareExchange(words, at, self, 0) === self) Atomics.notify(words, at, 1);
	}
}

/** What a descriptor leads to: stdout and stderr are often one pipe. */
function fileOf(fd: number): number {
	try {
		return fstatSync(fd).ino;
	} catch {
		return fd; // it is closed
	}
}

/** How soon a waiting thread notices that the one before it has ended. */
const LOOK_AGAIN_MS = 50;
/** Where the death of another thread may stay unknown while the main thread blocks, lines mix rather than wait. */
const PATIENCE_MS = 1_000;

function ignore(): void {}

/** Gives the error when something cannot be written; null also when nobody reads any more, or the descriptor was closed. */
function writeWhole(fd: number, bytes: Uint8Array): Error | null {
	for (let at = 0; at < bytes.length; ) {
		try {
			at += writeSync(fd, bytes, at);
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			if (code === 'EPIPE' || code === 'EBADF') return null;
			if (code !== 'EAGAIN') return error as Error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
		}
	}
	return null;
}
