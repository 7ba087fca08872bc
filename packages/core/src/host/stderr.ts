import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How much of the end of a process's stderr goes into an error. */
const TAIL_BYTES = 2_048;

/** Passes on what a child says on stderr, and remembers the end of it. */
export function followStderr({ stderr }: ChildProcess): () => string {
	let tail = Buffer.alloc(0);
	stderr?.on('data', (chunk: Buffer) => {
		process.stderr.write(chunk);
		tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
	});
	return () => tail.toString().trim();
}

/** Resolves when a stream has ended, or after `ms`: a grandchild may hold it open. */
export function ended(stream: Readable | null | undefined, ms: number): Promise<void> {
	return new Promise((resolve) => {
		if (!stream || stream.readableEnded || stream.destroyed) return resolve();
		const timer = setTimeout(resolve, ms);
		const done = () => {
			clearTimeout(timer);
			resolve();
		};
		stream.once('end', done);
		stream.once('close', done);
	});
}

/** V8's last words when the heap is full. */
export function isOutOfMemory(stderr: string): boolean {
	return stderr.includes('heap out of memory') || stderr.includes('Allocation failed');
}
