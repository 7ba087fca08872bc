// Proves the models next to it with Spin, and that it would find the faults they can be given.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

/** How many searches run at a time. */
const JOBS = 2;
/** A guard, many times what a search takes. */
const SEARCH_LIMIT_MS = 600_000;
const MEMORY_LIMIT_MB = 900;
const DEEPEST = 400_000;

/** What must hold: a model and its variant. */
const proofs = [
	['mutex', 'PROCS=2 GIVE_UP PENDING'],
	['mutex', 'PROCS=3 ONCE TRY'],
	['mutex', 'PROCS=3 ONCE GIVE_UP'],
	['mutex', 'PROCS=3 ONCE KILL'],
	['mutex', 'PROCS=2 ONCE KILL GIVE_UP PENDING LOOKS'],
	['mutex', 'PROCS=3 FAIR NEWCOMERS'],
	['mutex', 'PROCS=3 ONCE FAIR'],
	['condition', 'GIVE_UP'],
	['condition', 'DEATHS=2'],
	['semaphore', 'START=1 GIVE_UP'],
	['semaphore', 'ONE_GIFT PENDING'],
	['semaphore', 'ONE_GIFT KILL'],
	['guard', 'ALL_LIVE'],
	['guard', 'KILL'],
	['queue', 'TRY'],
	['queue', 'MOST=2 GIVE_UP'],
	['queue', 'TWO_PUT'],
	['queue', 'SHUT ITEMS=1 GIVE_UP'],
	['queue', 'TWO_PUT SHUT IMMEDIATE ITEMS=1'],
	['queue', 'ITEMS=1 KILL GIVE_UP'],
	['queue', 'TWO_PUT SHUT ITEMS=1 KILL'],
];

/** What must be found: a fault in a variant. */
const faults = [
	['mutex', 'PROCS=2 GIVE_UP BUG_NO_WAKE'],
	['mutex', 'PROCS=2 GIVE_UP BUG_NO_PASS_ON'],
	['mutex', 'PROCS=2 GIVE_UP BUG_LOOK_BEFORE_WAITING'],
	['mutex', 'PROCS=2 GIVE_UP BUG_PROMISE_TO_NOBODY'],
	['mutex', 'PROCS=2 GIVE_UP BUG_WAITED_NOT_PUT_BACK'],
	['mutex', 'PROCS=2 GIVE_UP BUG_TAKE_BY_STORE'],
	['mutex', 'PROCS=3 ONCE KILL BUG_INHERIT_BY_STORE'],
	['mutex', 'PROCS=3 ONCE KILL BUG_DEAD_STAY_IN_LINE'],
	['mutex', 'PROCS=3 FAIR NEWCOMERS BUG_NO_PROMISE'],
	['mutex', 'PROCS=3 ONCE FAIR BUG_NO_PROMISE'],
	['condition', 'GIVE_UP BUG_ABORT_SWALLOWS'],
	['condition', 'GIVE_UP BUG_COUNTED_LATE'],
	['condition', 'DEATHS=1 BUG_DEAD_KEEPS'],
	['condition', 'DEATHS=1 BUG_FREE_BEFORE_LOCK'],
	['condition', 'DEATHS=1 GIVE_UP ONE_NOTIFY BUG_FREE_BEFORE_PASS_ON'],
	['condition', 'DEATHS=1 GIVE_UP ONE_NOTIFY BUG_LEFT_NOT_SWEPT'],
	['semaphore', 'BUG_WAKE_ONE'],
	['semaphore', 'BUG_NO_WAKE'],
	['semaphore', 'BUG_NOT_MARKED'],
	['semaphore', 'BUG_TAKE_BY_STORE'],
	['semaphore', 'GIVE_UP BUG_PASS_ON_CLEARS_WAITED'],
	['guard', 'BUG_SLEEPERS_FORGOTTEN'],
	['guard', 'KILL BUG_DEAD_KEEP_GUARD'],
	['queue', 'ITEMS=1 BUG_NO_SECOND_LOOK'],
	['queue', 'ITEMS=1 GIVE_UP BUG_UNMARK_WITHOUT_LOOK'],
	['queue', 'BUG_SLEEP_UNMARKED'],
	['queue', 'MOST=2 BUG_WAKE_WHEN_EMPTY'],
	['queue', 'ITEMS=1 GIVE_UP BUG_NO_PASS_ON'],
	['queue', 'SHUT ITEMS=1 BUG_SHUT_WAKES_ONE'],
	['queue', 'SHUT ITEMS=1 BUG_COUNT_BEFORE_SHUT'],
	['queue', 'SHUT ITEMS=1 GIVE_UP BUG_READ_UNCHECKED BUG_SLEEP_ON_NOTHING'],
	['queue', 'SHUT ITEMS=1 KILL BUG_READ_UNCHECKED'],
	['queue', 'ITEMS=1 KILL BUG_DEAD_KEEP_GUARD'],
	['queue', 'ITEMS=1 KILL BUG_COMMIT_FIRST'],
	['queue', 'ITEMS=1 KILL BUG_ONE_STATE'],
];

/** The report of a search through all states of a variant, up to the first error. */
async function search(model, variant, directory) {
	cpSync(here, directory, { recursive: true });
	const options = { cwd: directory, timeout: SEARCH_LIMIT_MS, maxBuffer: 2 ** 26 };
	const definitions = variant.split(' ').map((name) => `-D${name}`);
	await run('spin', ['-a', ...definitions, `${model}.pml`], options);
	const flags = ['-O0', '-w', '-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MEMORY_LIMIT_MB}`];
	await run('gcc', [...flags, '-o', 'pan', 'pan.c'], options);
	// Sleeping for ever is no error by itself: the models assert who may.
	const { stdout } = await run('./pan', ['-E', `-m${DEEPEST}`], options);
	return stdout;
}

/** Why a report does not say what it should; undefined when it does. */
function objection(report, mustFail) {
	const errors = /errors: (\d+)/.exec(report)?.[1];
	if (errors === undefined) return 'the search ended early';
	// Only what was asserted counts, not a limit of the search.
	const failed = /pan:\d+: assertion violated.*/.exec(report)?.[0];
	if (mustFail) return failed === undefined ? 'the fault was not found' : undefined;
	if (failed !== undefined || errors !== '0') return failed ?? `${errors} errors`;
	if (/max search depth too small|out of memory|Search not completed/i.test(report)) {
		return 'the search was not exhaustive';
	}
	return undefined;
}

async function check([model, variant], mustFail, directory) {
	const start = performance.now();
	mkdirSync(directory);
	let report = '';
	let why;
	try {
		report = await search(model, variant, directory);
		why = objection(report, mustFail);
	} catch (error) {
		why = [error.message, error.stdout, error.stderr].filter(Boolean).join('\n');
	}
	rmSync(directory, { recursive: true });
	const states = /(\S+) states, stored/.exec(report)?.[1] ?? '?';
	const seconds = ((performance.now() - start) / 1e3).toFixed(1);
	const verdict = why === undefined ? (mustFail ? 'found' : 'holds') : 'FAILED';
	console.log(`${verdict.padEnd(6)} ${model} ${variant}: ${states} states, ${seconds} s`);
	if (why !== undefined) console.log(`       ${why}`);
	return why === undefined;
}

const temporary = mkdtempSync(path.join(tmpdir(), 'conc-models-'));
try {
	const left = [
		...proofs.map((proof) => ({ subject: proof, mustFail: false })),
		...faults.map((fault) => ({ subject: fault, mustFail: true })),
	].entries();
	let failures = 0;
	async function work() {
		for (const [index, { subject, mustFail }] of left) {
			if (!(await check(subject, mustFail, path.join(temporary, String(index))))) failures++;
		}
	}
	await Promise.all(Array.from({ length: JOBS }, work));
	if (failures > 0) process.exitCode = 1;
} finally {
	rmSync(temporary, { recursive: true });
}
