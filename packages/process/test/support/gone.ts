import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when a process that is not our child has ended; a zombie that nobody has waited for has. */
export async function gone(pid: number): Promise<void> {
	while (runs(pid)) await sleep(2);
}

function runs(pid: number): boolean {
	try {
		process.kill(pid, 0);
		if (process.platform !== 'linux') return true;
		const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
		return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
	} catch {
		return false;
	}
}
