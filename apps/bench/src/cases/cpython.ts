import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Lock, RLock, Semaphore } from '@conc/lock';
import type { Case, Contender } from '../measure.js';
import { addingUnderLock, flagging, taking, turnsByCondition } from './locks.js';
import { throughQueue } from './queues.js';

const LEAST = 11; // of 3.x
const SCRIPT = fileURLToPath(new URL('../src/cases/cpython.py', import.meta.url)); // as seen from dist
const PRINT_VERSION = 'import platform; print(platform.python_implementation(), platform.python_version())';

const exec = promisify(execFile);

/** What CPython has of the same name, timed in a process of its own which does not count its start. */
export const besideCPython: Case[] = [
	beside('a lock nobody else wants', () => taking('Lock', new Lock()), {
		'multiprocessing.Lock': 1_000_000,
		'threading.Lock': 1_000_000,
	}),
	beside('an rlock nobody else wants', () => taking('RLock', new RLock()), { 'threading.RLock': 1_000_000 }),
	beside('a semaphore nobody else wants', () => taking('Semaphore', new Semaphore()), {
		'threading.Semaphore': 200_000,
	}),
	beside('set and clear of an event', flagging, { 'threading.Event': 200_000 }),
	beside('increments under a lock by two threads', addingUnderLock, {
		'threading.Lock, contended': 2_000_000,
	}),
	beside('turns by a condition', turnsByCondition, { 'threading.Condition': 20_000 }),
	beside('numbers through a queue', throughQueue, {
		'multiprocessing.Queue': 100_000, // from one process to another
		'queue.SimpleQueue': 200_000,
		'queue.Queue': 200_000,
	}),
];

function beside(name: string, ours: () => Contender, theirs: Record<string, number>): Case {
	return {
		name: `${name}, beside CPython`,
		unit: 'rate',
		lacks: () => (pythonVersion() === undefined ? `python3 that is CPython 3.${LEAST} or newer` : undefined),
		contenders: () => [
			ours(),
			...Object.entries(theirs).flatMap(([what, count]) => inPython(what, [count], count)),
		],
	};
}

/** What has that name in cpython.py, which is `count` operations; nobody where there is no such Python. */
export function inPython(what: string, numbers: number[], count: number): Contender[] {
	if (pythonVersion() === undefined) return [];
	const run = async () => {
		const { stdout } = await exec('python3', [SCRIPT, what, ...numbers.map(String)]);
		return { count, ms: (JSON.parse(stdout) as { seconds: number }).seconds * 1000 };
	};
	return [{ name: what, is: 'peer', run }];
}

/** Of the CPython here, unless there is none or an older one. */
export function pythonVersion(): string | undefined {
	const { stdout } = spawnSync('python3', ['-c', PRINT_VERSION], { encoding: 'utf8' });
	const [, version, minor] = /^CPython (3\.(\d+)\S*)/.exec(stdout ?? '') ?? [];
	return Number(minor) >= LEAST ? version : undefined;
}
