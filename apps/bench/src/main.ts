import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { blockingCall } from './cases/blocking.js';
import { cpuBound, unevenLoad } from './cases/cpu.js';
import { besideCPython } from './cases/cpython.js';
import { echo, megabyte } from './cases/echo.js';
import { firstResult } from './cases/first.js';
import { awaiting, localRead, localReadInScope, taskWithLocal } from './cases/locals.js';
import { awaitedLock, contendedLock, events, sharedArray, turns, uncontendedLock } from './cases/locks.js';
import { bigMap } from './cases/map.js';
import { memory } from './cases/memory.js';
import { betweenProcesses } from './cases/processes.js';
import { queueBetweenThreads } from './cases/queues.js';
import { processStart, threadStart } from './cases/start.js';
import { roundTrip, tasksAtOnce, tasksInFlight } from './cases/tasks.js';
import { type Case, measure } from './measure.js';
import { putBetween } from './report/between.js';
import { heading, machine } from './report/machine.js';
import { markdown } from './report/markdown.js';
import { type Run, rate } from './report/result.js';
import { text } from './report/text.js';

const kinds = ['thread', 'process'] as const;

const cases: Case[] = [
	...kinds.flatMap((kind) => [1, 2, 8, 32, 128, 1024].map((inFlight) => tasksInFlight(kind, inFlight))),
	...kinds.map(tasksAtOnce),
	...kinds.map(roundTrip),
	blockingCall,
	bigMap,
	...kinds.map((kind) => echo('10 KB object', kind)),
	...kinds.map((kind) => echo('1 KB string', kind)),
	...kinds.map(megabyte),
	...kinds.map(cpuBound),
	...kinds.map(unevenLoad),
	...kinds.map(firstResult),
	...kinds.map(memory),
	threadStart,
	processStart,
	uncontendedLock,
	awaitedLock,
	contendedLock,
	events,
	turns,
	queueBetweenThreads,
	sharedArray,
	localRead,
	localReadInScope,
	awaiting,
	...kinds.map(taskWithLocal),
	...besideCPython,
	...betweenProcesses,
];

// Reading it takes a process 30 ms at its start, which only those would be spared whose pool gives them no environment.
delete process.env.NODE_EXTRA_CA_CERTS;

interface Options {
	readonly rounds: number;
	readonly json?: string;
	readonly markdown?: string;
	readonly from?: string;
}

new Command('pnpm bench')
	.description('@conc beside its peers, measured in turns in one run')
	.argument('[words]', 'only the cases whose name contains this', '')
	.option('-r, --rounds <number>', 'how often each is measured, besides once to warm up', positive, 5)
	.option('--json <file>', 'writes machine, versions and figures there, too')
	.option('--markdown <file>', 'writes tables there, too: between the marks of the README, or the whole file')
	.option('--from <file>', 'measures nothing, and takes the figures --json wrote')
	.addHelpText(
		'after',
		`
A ratio says how many times as good it is, so more is better, also where the figure itself is a time or memory.
"of best peer": of whatever did best that is not ours. "of limit": of what Node or the machine gives with no library.`,
	)
	.action(async (words: string, options: Options) => {
		const run = options.from === undefined ? await measured(words, options) : read(options.from);
		if (options.from !== undefined) console.log([...heading(run.machine), ...run.cases.map(text)].join('\n'));
		if (options.markdown !== undefined) putBetween(options.markdown, markdown(run));
	})
	.parse();

async function measured(words: string, { rounds, json }: Options): Promise<Run> {
	const run: Run = { date: new Date().toISOString(), rounds, machine: machine(), cases: [] };
	console.log(heading(run.machine).join('\n'));
	for (const one of cases.filter(({ name }) => name.includes(words))) {
		const lacking = one.lacks?.();
		if (lacking !== undefined) {
			console.log(`\n${one.name}\n  skipped: there is no ${lacking}`);
			continue;
		}
		const result = rate(one, await measure(one, rounds));
		run.cases.push(result);
		console.log(text(result));
		if (json !== undefined) writeFileSync(json, `${JSON.stringify(run, undefined, 2)}\n`); // in case a later one fails
	}
	return run;
}

function read(file: string): Run {
	return JSON.parse(readFileSync(file, 'utf8')) as Run;
}

function positive(text: string): number {
	const value = Number(text);
	if (!Number.isSafeInteger(value) || value < 1)
		throw new InvalidArgumentError('It must be a whole number of at least 1.');
	return value;
}
