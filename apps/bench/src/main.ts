import { Command, InvalidArgumentError } from 'commander';
import { besideCPython } from './cases/cpython.js';
import { awaitedLock, contendedLock, events, sharedArray, turns, uncontendedLock } from './cases/locks.js';
import { queueBetweenThreads } from './cases/queues.js';
import { processStart, threadStart } from './cases/start.js';
import { bigMap, tasksInFlight } from './cases/tasks.js';
import { type Case, type Figure, measure } from './measure.js';

const cases: Case[] = [
	...[1, 8, 128, 1024].map(tasksInFlight),
	bigMap,
	threadStart,
	processStart,
	uncontendedLock,
	awaitedLock,
	contendedLock,
	events,
	turns,
	queueBetweenThreads,
	sharedArray,
	...besideCPython,
];

new Command('pnpm bench')
	.description('@conc beside its peers, measured in turns in one run; the ratio is to the last of each case')
	.argument('[words]', 'only the cases whose name contains this', '')
	.option('-r, --rounds <number>', 'how often each is measured', positive, 5)
	.action(async (words: string, { rounds }: { rounds: number }) => {
		for (const one of cases.filter(({ name }) => name.includes(words))) {
			const lacking = one.lacks?.();
			if (lacking === undefined) show(one, await measure(one, rounds));
			else console.log(`\n${one.name}\n  skipped: there is no ${lacking}`);
		}
	})
	.parse();

function show({ name, unit }: Case, figures: Figure[]): void {
	console.log(`\n${name}`);
	const width = Math.max(16, ...figures.map(({ name }) => name.length));
	const base = figures.at(-1)?.median ?? Number.NaN;
	for (const { name, median } of figures) {
		const shown =
			unit === 'rate' ? `${Math.round(median).toLocaleString('en')}/s` : `${median.toFixed(2)} ms`;
		const ratio = unit === 'rate' ? median / base : base / median;
		console.log(`  ${name.padEnd(width)} ${shown.padStart(16)}   ${ratio.toFixed(2)} x`);
	}
}

function positive(text: string): number {
	const value = Number(text);
	if (!Number.isSafeInteger(value) || value < 1)
		throw new InvalidArgumentError('It must be a whole number of at least 1.');
	return value;
}
