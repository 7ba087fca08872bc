import { Argument, Command, InvalidArgumentError } from 'commander';
import { distributedExample, type Role } from './examples/distributed.js';
import { localExample } from './examples/local.js';
import { lockExample } from './examples/lock.js';
import { poolExample } from './examples/pool.js';
import { processExample } from './examples/process.js';
import { queueExample } from './examples/queue.js';
import { requestsExample } from './examples/requests.js';
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
	.command('queue')
	.description('one process puts, another gets (multiprocessing.Queue)')
	.action(queueExample);
program
	.command('distributed')
	.description('a master and a worker, in two terminals or on two machines (multiprocessing.managers)')
	.addArgument(
		new Argument('[role]', 'which of them to be').choices(['master', 'worker', 'both']).default('both'),
	)
	.option('-p, --port <number>', 'where the master serves; 0 for any that is free', port, 5000)
	.action((role: Role, options) => distributedExample(role, options));
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
program
	.command('local')
	.description('a value per thread (threading.local)')
	.option('-r, --requests', 'a server whose threads know the request, the user and their connection')
	.action(({ requests }) => (requests ? requestsExample() : localExample()));

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
		// A port that is in use is no reason to stop.
		const options = command.name() === 'distributed' ? ['--port', '0'] : [];
		await command.parseAsync(options, { from: 'user' });
	}
}

function port(text: string): number {
	const value = Number(text);
	if (!Number.isInteger(value) || value < 0 || value > 0xffff)
		throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
	return value;
}

function positive(text: string): number {
	const value = Number(text);
	if (!Number.isSafeInteger(value) || value < 1)
		throw new InvalidArgumentError('It must be a whole number of at least 1.');
	return value;
}
