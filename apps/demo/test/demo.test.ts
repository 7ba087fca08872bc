import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function demo(...args: string[]) {
	const { stdout, stderr, exitCode } = await execaNode(main, args, { reject: false, nodeOptions: [] });
	return { lines: stdout.split('\n'), stderr, exitCode };
}

/** Where the only line that matches is. */
function position(lines: string[], pattern: RegExp): number {
	const found = lines.flatMap((line, at) => (pattern.test(line) ? [at] : []));
	expect([pattern, found.length]).toEqual([pattern, 1]);
	return found[0] ?? -1;
}

describe('process', () => {
	it('prints what the tutorial prints', async () => {
		const { lines, stderr, exitCode } = await demo('process');
		expect(lines).toEqual([
			expect.stringMatching(/^Parent process \d+\.$/),
			'Child process will start.',
			expect.stringMatching(/^Run child process test \(\d+\)\.\.\.$/),
			'Child process end.',
		]);
		const [parent, child] = [lines[0], lines[2]].map((line) => line?.match(/\d+/)?.[0]);
		expect(child).not.toBe(parent);
		expect([stderr, exitCode]).toEqual(['', 0]);
	});
});

describe('subprocess', () => {
	it('shows the exit code of a program, and what another says to its input', async () => {
		const { lines, stderr, exitCode } = await demo('subprocess');
		expect(lines.slice(0, 5)).toEqual([
			'$ node --version',
			process.version,
			'Exit code: 0',
			'',
			'$ node --interactive',
		]);
		expect(lines).toContain('> 42');
		expect(lines.at(-1)).toBe('Exit code: 3');
		expect([stderr, exitCode]).toEqual(['', 0]);
	});
});

describe('queue', () => {
	it('has what one process puts got by another, which is ended by the first', async () => {
		const { lines, stderr, exitCode } = await demo('queue');
		const puts = lines.filter((line) => line.startsWith('Put'));
		const gets = lines.filter((line) => line.startsWith('Get'));
		expect(puts).toEqual(['A', 'B', 'C'].map((value) => `Put ${value} to queue...`));
		expect(gets).toEqual(['A', 'B', 'C'].map((value) => `Get ${value} from queue.`));
		const writer = lines[position(lines, /^Process to write: \d+$/)];
		const reader = lines[position(lines, /^Process to read: \d+$/)];
		expect(writer?.match(/\d+/)?.[0]).not.toBe(reader?.match(/\d+/)?.[0]);
		for (const value of ['A', 'B', 'C']) {
			expect(position(lines, new RegExp(`^Put ${value}`))).toBeLessThan(
				position(lines, new RegExp(`^Get ${value}`)),
			);
		}
		expect([stderr, exitCode]).toEqual(['', 0]);
	});
});

describe('distributed', () => {
	/** What the tutorial's program prints, both sides of it. */
	function expectSquares(master: string[], worker: string[]): void {
		const numbers = master.flatMap((line) => line.match(/^Put task (\d+)\.\.\.$/)?.[1] ?? []);
		expect(numbers).toHaveLength(10);
		const results = numbers.map((n) => `Result: ${n} * ${n} = ${Number(n) ** 2}`);
		expect(master.filter((line) => line.startsWith('Result'))).toEqual(results);
		expect(worker.filter((line) => line.startsWith('run'))).toEqual(
			numbers.map((n) => `run task ${n} * ${n}...`),
		);
		expect(master.at(-1)).toBe('master exit.');
		expect(worker).toContain('worker exit.');
	}

	it('runs a master and a worker', async () => {
		const { lines, stderr, exitCode } = await demo('distributed', '--port', '0');
		expectSquares(lines, lines);
		expect([stderr, exitCode]).toEqual(['', 0]);
	});

	it('runs them in two terminals, and a worker without a master says what is missing', async () => {
		const port = String(await freePort());
		const alone = await demo('distributed', 'worker', '--port', port);
		expect(alone.stderr).toContain('Start the master first');
		expect(alone.exitCode).toBe(1);
		const master = demo('distributed', 'master', '--port', port);
		await untilServing(Number(port));
		const worker = await demo('distributed', 'worker', '--port', port);
		expectSquares((await master).lines, worker.lines);
		expect([(await master).exitCode, worker.exitCode]).toEqual([0, 0]);
	});
});

/** One that nobody listens at just now. */
async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	server.close();
	return port;
}

async function untilServing(port: number): Promise<void> {
	for (;;) {
		const socket = connect(port, '127.0.0.1');
		const isThere = await Promise.race([
			once(socket, 'connect').then(() => true),
			once(socket, 'error').then(() => false),
		]).catch(() => false);
		socket.destroy();
		if (isThere) return;
	}
}

describe('pool', () => {
	const start = (task: number) => new RegExp(`^Run task ${task} \\(\\d+\\)\\.\\.\\.$`);
	const end = (task: number) => new RegExp(`^Task ${task} runs \\d+\\.\\d\\d seconds\\.$`);
	const pid = (line: string | undefined) => line?.match(/\((\d+)\)/)?.[1];

	it('runs four tasks at once, and the fifth in the process of one that is done', async () => {
		const { lines, stderr, exitCode } = await demo('pool');
		expect(lines.slice(0, 2)).toEqual([
			expect.stringMatching(/^Parent process \d+\.$/),
			'Waiting for all subprocesses done...',
		]);
		const starts = [0, 1, 2, 3, 4].map((task) => position(lines, start(task)));
		const ends = [0, 1, 2, 3, 4].map((task) => position(lines, end(task)));
		const first = Math.min(...ends);
		const last = starts[4] as number;
		expect(last).toBeGreaterThan(first);
		const done = [0, 1, 2, 3].filter((task) => (ends[task] as number) < last);
		const pids = [0, 1, 2, 3].map((task) => pid(lines[starts[task] as number]));
		expect(new Set(pids).size).toBe(4);
		expect(done.map((task) => pids[task])).toContain(pid(lines[last]));
		expect(position(lines, /^All subprocesses done\.$/)).toBe(Math.max(...ends) + 1);
		expect([stderr, exitCode]).toEqual(['', 0]);
	});

	it('with five workers starts each task in a process of its own', async () => {
		const { lines } = await demo('pool', '--workers', '5');
		const pids = [0, 1, 2, 3, 4].map((task) => pid(lines[position(lines, start(task))]));
		expect(new Set(pids).size).toBe(5);
		expect(lines).toContain('No task had to wait: the pool has 5 workers for 5 tasks.');
	});

	it('takes the number of tasks', async () => {
		const { lines } = await demo('pool', '-w', '1', '-t', '2');
		const order = [start(0), end(0), start(1), end(1)].map((pattern) => position(lines, pattern));
		expect(order).toEqual([2, 3, 4, 5]);
	});
});

describe('thread, lock and local', () => {
	it('a thread counts to five between the words of the main thread', async () => {
		const { lines, exitCode } = await demo('thread', '--pause', '1');
		expect(lines).toEqual([
			'thread MainThread is running...',
			'thread LoopThread is running...',
			...[1, 2, 3, 4, 5].map((n) => `thread LoopThread >>> ${n}`),
			'thread LoopThread ended.',
			'thread MainThread ended.',
			'',
			'Threads without a name are called Thread-1 and Thread-2.',
		]);
		expect(exitCode).toBe(0);
	});

	it('with a lock the balance is right', async () => {
		const { lines, exitCode } = await demo('lock', '--times', '2000');
		expect(lines).toEqual([
			expect.stringMatching(
				/^Without a lock, 10000000 times each: balance = (0 \(right, by luck\)|-?\d+ \(wrong: it should be 0\))$/,
			),
			'With a lock, 2000 times each: balance = 0',
		]);
		expect(exitCode).toBe(0);
	});

	it('each thread has its own student', async () => {
		const { lines } = await demo('local');
		expect(lines).toEqual(['Hello, Alice (in Thread-A)', 'Hello, Bob (in Thread-B)']);
	});
});

describe('local --requests', () => {
	it('serves each request in a thread that knows whose it is and has a connection of its own', async () => {
		const { lines, stderr, exitCode } = await demo('local', '--requests');
		expect(lines[0]).toMatch(/^MainThread listens at http:\/\/127\.0\.0\.1:\d+$/);
		expect(lines.at(-1)).toBe('MainThread ends.');
		const asked = ['Alice', 'Bob', 'Carol', 'Dave'].flatMap((user) => [
			`/basket for ${user}`,
			`/orders for ${user}`,
		]);
		const served = lines.flatMap(
			(line) => line.match(/^(\S+) serves (\S+ for \S+), read over the connection of \1$/)?.[2] ?? [],
		);
		const got = lines.flatMap(
			(line) => line.match(/^(\S+) gets (\S+ for \1), read over the connection of \S+$/)?.[2] ?? [],
		);
		expect([served.sort(), got.sort()]).toEqual([asked.sort(), asked.sort()]);
		const workers = new Set(lines.flatMap((line) => line.match(/^(\S+) serves/)?.[1] ?? []));
		expect(workers).not.toContain('MainThread');
		for (const worker of workers) {
			const opened = position(lines, new RegExp(`^${worker} opens a connection to the database$`));
			expect(position(lines, new RegExp(`^the connection of ${worker} is closed$`))).toBeGreaterThan(opened);
		}
		expect([stderr, exitCode]).toEqual(['', 0]);
	});
});

const all = ['process', 'pool', 'subprocess', 'queue', 'distributed', 'thread', 'lock', 'local'];

describe('the command line', () => {
	it('without a name runs all examples, one after the other', async () => {
		const { lines, stderr, exitCode } = await demo();
		const headings = lines.filter((line) => line.startsWith('# ')).map((line) => line.split(' ')[1]);
		expect(headings).toEqual(all);
		for (const line of ['Child process end.', 'All subprocesses done.', 'thread MainThread ended.']) {
			expect(lines).toContain(line);
		}
		expect([stderr, exitCode]).toEqual(['', 0]);
	});

	it('--help lists all of them, and the options of each', async () => {
		const { lines, exitCode } = await demo('--help');
		const text = lines.join('\n');
		for (const name of all) {
			expect(text).toMatch(new RegExp(`^ {2}${name} `, 'm'));
		}
		expect(text).toMatch(/^Usage: pnpm demo /);
		expect(exitCode).toBe(0);
		expect((await demo('pool', '--help')).lines.join('\n')).toMatch(/--workers <number> .*\(default: 4\)/);
	});

	it.each([
		[
			['nonsense'],
			`there is no example 'nonsense', there are process, pool, subprocess, queue, distributed, thread, lock, local`,
		],
		[['pool', '--workers', '0'], `argument '0' is invalid. It must be a whole number of at least 1.`],
		[['pool', '--workers', 'many'], `argument 'many' is invalid. It must be a whole number of at least 1.`],
		[['lock', '-n', '1.5'], `argument '1.5' is invalid. It must be a whole number of at least 1.`],
		[['pool', '--workers'], 'argument missing'],
		[['thread', '--colour'], `unknown option '--colour'`],
		[['distributed', 'nobody'], `argument 'role'. Allowed choices are master, worker, both.`],
		[['distributed', '--port', '65536'], 'It must be a whole number from 0 to 65535.'],
		[['local', 'lock'], `too many arguments for 'local'`],
	])('%j is refused with the way out', async (args, message) => {
		const { lines, stderr, exitCode } = await demo(...args);
		expect(stderr).toContain(message);
		expect(stderr).toContain('pnpm demo --help');
		expect([lines, exitCode]).toEqual([[''], 1]);
	});
});
