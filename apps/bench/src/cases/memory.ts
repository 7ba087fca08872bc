import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Case, Contender } from '../measure.js';
import { nameOf, peersOf } from '../peers/field.js';
import { type Kind, plural } from '../peers/peer.js';

const PROGRAM = fileURLToPath(new URL('./memory.js', import.meta.url)); // as seen from dist

const exec = promisify(execFile);

/** How much more the program and its children hold when workers are up, for each of them; in a fresh program each time. */
export function memory(kind: Kind): Case {
	const growing = (name: string, is: Contender['is']): Contender => ({
		name,
		is,
		async run() {
			const { stdout } = await exec(process.execPath, [PROGRAM, kind, name]);
			return { figure: Number(stdout) };
		},
	});
	return {
		name: `memory a worker, ${plural(kind)}`,
		unit: 'bytes',
		rounds: 2,
		warm: false,
		lacks: () => (existsSync('/proc/self/smaps_rollup') ? undefined : 'Linux, whose /proc tells it'),
		contenders: () => [
			growing(nameOf(kind), 'ours'),
			...peersOf(kind).map(({ name }) => growing(name, 'peer')),
			growing('raw', 'limit'),
		],
	};
}
