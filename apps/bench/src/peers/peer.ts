import type { SerializationType } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TaskName } from '../tasks.js';

export type Kind = 'thread' | 'process';

export function plural(kind: Kind): string {
	return kind === 'thread' ? 'threads' : 'processes';
}

/** One kind of workers of one package. */
export interface Peer {
	readonly name: string;
	readonly kind: Kind;
	/** What this machine lacks for it, if anything. */
	lacks?(): string | undefined;
	open(workers: number, task: TaskName): Calls | Promise<Calls>;
}

/** Workers that do one task. */
export interface Calls {
	call(value: unknown, transfer?: ArrayBuffer[]): PromiseLike<unknown>;
	close(): PromiseLike<unknown>;
}

/** Where the file for a peer's workers is, as seen from dist. */
export function workerFile(peer: string): string {
	return fileURLToPath(new URL(`./peers/worker/${peer}.js`, import.meta.url));
}

/** What a peer's processes are to speak: what it defaults to, but JSON has no bytes. */
export function serialization(task: TaskName): SerializationType {
	return task === 'move' ? 'advanced' : 'json';
}
