import { Command, InvalidArgumentError } from 'commander';
import { localExample } from './examples/local.js';
import { lockExample } from './examples/lock.js';
import { poolExample } from './examples/pool.js';
import { processExample } from './examples/process.js';
import { subprocessExample } from './examples/subprocess.js';
import { threadExample } from './examples/thread.js';

const program = new Command('pnpm demo')
	.description(
		'The examples of a Python tutorial on processes and threads, in TypeScript.\nWithout a name all of them run, one after the other.',
	)
	.helpOption('-h, --help', 'Show this help')
	.showHelpAfterError('(pnpm demo --help shows what there is)')
	.action(runAll);

program
	.command('process')
	.description('one function in a process of its own (multiprocessing.Process)')
	.action(processExample);
program
	.command('pool')
	.description('five tasks over four workers (multiprocessing.Pool)')
	.option('-w, --workers <number>', 'how many workers the pool has', positive, 4)
	.option('-t, --tasks <number>', 'how many tasks there are', positive, 5)
	.action(poolExample);
program
	.command('subprocess')
	.description('other programs: an exit code, and one that is told what to do (subprocess)')
	.action(subprocessExample);
program
	.command('thread')
	.description('a thread with a name, and threads without (threading.Thread)')
	.option('-p, --pause <ms>', 'milliseconds between two counts', positive, 1000)
	.action(threadExample);
program
	.command('lock')
	.description('one balance, two threads, without and with a lock (threading.Lock)')
	.option(
		'-n, --times <number>',
		'how often each thread changes the balance with the lock',
		positive,
		100_000,
	)
	.action(lockExample);
program.command('local').description('a value per thread (threading.local)').action(localExample);

// After the examples, which take none: a name that is not among them is told below.
program.allowExcessArguments();
await program.parseAsync();

async function runAll(): Promise<void> {
	const [unknown] = program.args;
	if (unknown !== undefined) {
		const names = program.commands.map((command) => command.name()).join(', ');
		program.error(`error: there is no example '${unknown}', there are ${names}`);
	}
	for (const [at, command] of program.commands.entries()) {
		console.log(`${at === 0 ? '' : '\n'}# ${command.name()} - ${command.description()}\n`);
		await command.parseAsync([], { from: 'user' });
	}
}

function positive(text: string): number {
	const value = Number(text);
	if (!Number.isSafeInteger(value) || value < 1)
		throw new InvalidArgumentError('It must be a whole number of at least 1.');
	return value;
}
