import type { Socket } from 'node:net';
import { realm } from '../realm.js';

/** A socket that a process is to have from its start. */
export interface Inherited {
	/** Whose it is: one may be asked for more than once, as a call may be encoded in more than one way. */
	readonly owner: object;
	/** One that is open; null for a new pair, of which the process gets one end. */
	readonly socket: Socket | null;
	/** The process was started: the other end of the new pair, or null where one was given away that is now closed here. */
	started(end: Socket | null): void;
	/** It was not, or what it was to get could not be encoded. */
	failed(): void;
}

/** The descriptor of the first of them in the process. */
const FIRST_FD = 6;

const collecting = () => realm<{ into: Inherited[] | null }>('inherited', () => ({ into: null }));

/** Runs `make`, which encodes what a process is to get, and gives the sockets that what it encodes asks for. */
export function collectInherited<T>(make: () => T): { made: T; inherited: Inherited[] } {
	const inherited: Inherited[] = [];
	collecting().into = inherited;
	try {
		return { made: make(), inherited };
	} catch (error) {
		for (const { failed } of inherited) failed();
		throw error;
	} finally {
		collecting().into = null;
	}
}

/** Asks for a socket in the process that is just being started; gives its descriptor there, null when none is. */
export function inherit(one: Inherited): number | null {
	const { into } = collecting();
	return into === null ? null : FIRST_FD + into.push(one) - 1;
}

/** Whether this one has asked for its socket in that process. */
export function isInheriting(owner: object): boolean {
	return collecting().into?.some((one) => one.owner === owner) ?? false;
}

/** How many sockets were asked for so far. */
export function inheritedCount(): number {
	return collecting().into?.length ?? 0;
}

/** The entries of `stdio` for them, after those that every process has. */
export function stdioOf(inherited: readonly Inherited[]): (Socket | 'pipe')[] {
	return inherited.map(({ socket }) => socket ?? 'pipe');
}

/** Hands over what belongs to whom, once the process was started with these streams. */
export function handOver(inherited: readonly Inherited[], streams: readonly unknown[]): void {
	for (const [at, { socket, started }] of inherited.entries()) {
		if (socket === null) {
			started(streams[FIRST_FD + at] as Socket);
			continue;
		}
		socket.destroy(); // the process has it now
		started(null);
	}
}
