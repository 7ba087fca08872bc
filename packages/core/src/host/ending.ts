import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { childProcess, os } from '../lazy.js';
import { sendAll } from './blocking.js';

/** How a process ended. */
export interface Ending {
	/** Null where the system does not tell before the exit event. */
	readonly exitCode: number | null;
	readonly signalCode: NodeJS.Signals | null;
}

const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 20;

/**
 * Blocks until a child has ended, `timeout` ms at most; false when it still runs. `pump` moves what is on its way to
 * and from it, as a child does not end before its answer has been taken; false when there was nothing.
 */
export function waitForEnd(pid: number, timeout: number, pump: () => boolean): boolean {
	const until = performance.now() + timeout;
	const sleeper = new Int32Array(new SharedArrayBuffer(4));
	for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LAST_LOOK_MS)) {
		if (pump()) pause = FIRST_LOOK_MS;
		if (endingOf(pid) !== null) return true;
		const left = until - performance.now();
		if (left <= 0) return false;
		Atomics.wait(sleeper, 0, 0, Math.min(pause, left, sendAll()));
	}
}

/**
 * How a child ended whose exit event has not been seen yet, null while it runs. As Node has not waited for it, the
 * child is a zombie then, and on Linux its wait status can be read.
 */
export function endingOf(pid: number): Ending | null {
	if (process.platform === 'linux') return endingFromProc(pid);
	if (process.platform === 'win32') return isGone(pid) ? { exitCode: null, signalCode: null } : null;
	const { stdout } = childProcess().spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
	return stdout.trim() === '' || stdout.includes('Z') ? { exitCode: null, signalCode: null } : null;
}

function endingFromProc(pid: number): Ending | null {
	let fields: string[];
	try {
		fields = statOf(pid);
	} catch {
		return isGone(pid) ? { exitCode: null, signalCode: null } : null;
	}
	if (fields[0] !== 'Z' && fields[0] !== 'X') return null;
	const status = Number(fields.at(-1));
	const signal = status & 0x7f;
	if (signal === 0) return { exitCode: (status >> 8) & 0xff, signalCode: null };
	const names = Object.entries(os().constants.signals) as [NodeJS.Signals, number][];
	return { exitCode: -signal, signalCode: names.find(([, number]) => number === signal)?.[0] ?? null };
}

/** What `/proc/PID/stat` shows of a process, from its state on. Throws when there is none. */
export function statOf(pid: number): string[] {
	return fieldsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** The same for one process that is asked often: the file stays open, which takes a fifth of the time. */
export class StatFile {
	readonly #fd: number;
	readonly #bytes = Buffer.alloc(STAT_BYTES);

	constructor(pid: number) {
		this.#fd = openSync(`/proc/${pid}/stat`, 'r');
	}

	read(): string[] {
		return fieldsOf(this.#bytes.toString('latin1', 0, readSync(this.#fd, this.#bytes, 0, STAT_BYTES, 0)));
	}

	close(): void {
		closeSync(this.#fd);
	}
}

/** More than it ever has. */
const STAT_BYTES = 1_024;

function fieldsOf(stat: string): string[] {
	return stat
		.slice(stat.lastIndexOf(')') + 2)
		.trim()
		.split(' ');
}

function isGone(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return false;
	} catch {
		return true;
	}
}
