import { writeSync } from 'node:fs';

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

/** The parent's stderr, in a process whose own is read by the parent. */
export const OWN_STDERR = 4;

export function replaceWrite(stream: NodeJS.WriteStream, fd: number): void {
	stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
		const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : undefined;
		writeWhole(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
		const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
		if (done !== undefined) queueMicrotask(done);
		return true;
	};
}

/** Writes all of it, in the fewest calls, so that lines of several threads do not mix. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
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
