import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { nameOf, ours, peersOf } from './peers/field.js';
import type { Kind } from './peers/peer.js';
import { raw } from './peers/raw.js';
import { spin } from './tasks.js';

const WORKERS = 4;
const STEPS = 30_000_000; // so long that nobody can do without all workers
const QUIET = 300; // milliseconds, for what is still starting

/** `memory.js KIND NAME` prints how many bytes a worker of that name takes. */
const [kind, name] = process.argv.slice(2) as [Kind, string];

const before = held();
await busy();
await setTimeout(QUIET);
console.log(Math.round((held() - before) / WORKERS));
process.exit(); // which ends every kind of worker

/** Gives every worker something to do. */
async function busy(): Promise<void> {
	const peer = peersOf(kind).find((one) => one.name === name);
	const calls = name === nameOf(kind) ? ours(kind, spin, WORKERS) : await peer?.open(WORKERS, 'spin');
	if (calls === undefined) return raw(kind, WORKERS).each('spin', new Array(WORKERS).fill([STEPS]));
	await Promise.all(Array.from({ length: 4 * WORKERS }, () => calls.call(STEPS)));
}

/** By this process and all below it; a page that several share counts once. */
function held(): number {
	const parents = new Map<string, string>();
	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		const parent = field(`/proc/${pid}/status`, 'PPid');
		if (parent !== undefined) parents.set(pid, parent);
	}
	const mine = (pid: string | undefined): boolean =>
		pid !== undefined && (pid === String(process.pid) || mine(parents.get(pid)));
	let kilobytes = 0;
	for (const pid of parents.keys())
		if (mine(pid)) kilobytes += Number.parseInt(field(`/proc/${pid}/smaps_rollup`, 'Pss') ?? '0', 10);
	return kilobytes * 1024;
}

/** Nothing when the process is gone. */
function field(file: string, name: string): string | undefined {
	try {
		return new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
	} catch {
		return undefined;
	}
}
