import { writeSync } from 'node:fs';
import { checkKind } from '../kind.js';
import { Registry } from '../liveness/registry.js';

/** How long to wait for a slow reader of a full pipe before trying again. */
const FULL_PIPE_MS = 1;

/**
 * Lets this thread's stdout and stderr write to the file descriptor from where they are. Node's own way leads through
 * the main thread: nothing appears while that blocks, and the last lines of a terminated thread are lost.
 */
export function writeDirectly(): void {
	replaceWrite(process.stdout, 1);
	replaceWrite(process.stderr, 2);
}

export function replaceWrite(stream: NodeJS.WriteStream, fd: number): void {
	stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
		const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : undefined;
		checkKind(
			'chunk',
			'a string or a Uint8Array',
			chunk,
			typeof chunk === 'string' || chunk instanceof Uint8Array,
		);
		const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
		inTurn(fd, () => writeWhole(fd, bytes));
		const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
		if (done !== undefined) queueMicrotask(done);
		return true;
	};
}

/**
 * Runs `write` while no other thread of this process writes to the same descriptor: what is longer than a pipe takes
 * at once would mix with theirs. A thread that ends in the middle of a line loses its turn.
 */
function inTurn(fd: number, write: () => void): void {
	const registry = Registry.ours();
	const words = registry.turns;
	const at = fd % words.length;
	const self = registry.self();
	const giveUp = performance.now() + (process.platform === 'linux' ? Number.POSITIVE_INFINITY : PATIENCE_MS);
	let owner = Atomics.compareExchange(words, at, 0, self);
	while (owner !== 0 && performance.now() < giveUp) {
		Atomics.wait(words, at, owner, LOOK_AGAIN_MS);
		const expected = registry.isAlive(owner) ? 0 : owner;
		const found = Atomics.compareExchange(words, at, expected, self);
		owner = found === expected ? 0 : found;
	}
	try {
		write();
	} finally {
		if (Atomics.compareExchange(words, at, self, 0) === self) Atomics.notify(words, at, 1);
	}
}

/** How soon a waiting thread notices that the one before it has ended. */
const LOOK_AGAIN_MS = 50;
/** Where the death of another thread may stay unknown while the main thread blocks, lines mix rather than wait. */
const PATIENCE_MS = 1_000;

function writeWhole(fd: number, bytes: Uint8Array): void {
	for (let at = 0; at < bytes.length; ) {
		try {
			at += writeSync(fd, bytes, at);
		} catch (error) {
			const { code } = error as { code?: string };
			if (code !== 'EAGAIN') return; // EPIPE and the like: nobody reads
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
		}
	}
}
