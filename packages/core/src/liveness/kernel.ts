import { readFileSync, readlinkSync } from 'node:fs';

const onLinux = process.platform === 'linux';

/** The kernel's id of the calling thread (Linux). */
export function ownTid(): number {
	if (!onLinux) return 0;
	try {
		return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
	} catch {
		return 0; // no /proc, as in some sandboxes
	}
}

/** When a thread of this process started, in clock ticks; 0 when there is none with that id. */
export function startTime(tid: number): number {
	try {
		const stat = readFileSync(`/proc/self/task/${tid}/stat`, 'latin1');
		// The name before the last `)` may hold anything; the start time is the 20th field after it.
		return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) | 0;
	} catch {
		return 0;
	}
}
