import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Thread } from '@conc/thread';
import { afterAll, describe, expect, it } from 'vitest';
import { Program, run } from './support/programs.js';

const directory = mkdtempSync(join(tmpdir(), 'conc-output-'));
const log = join(directory, 'worker.log');
afterAll(() => rmSync(directory, { recursive: true }));

describe('what a thread prints', () => {
	it('is out before the thread goes on, also while the main thread blocks and the thread is terminated', async () => {
		const { signal, stdout, stderr } = await run('print-while-blocked', { args: ['10'] });
		expect(signal).toBe('SIGKILL'); // nothing could be printed later
		expect(stdout).toBe(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(10)}\n`).join(''));
		expect(stderr).toBe('said\n');
	});

	it('arrives whole at a reader that is slower than the thread', async () => {
		const program = new Program('print-while-blocked', { args: ['100000'] });
		for (let i = 0; i < 20; i++) {
			program.child.stdout.pause();
			await sleep(5);
			program.child.stdout.resume();
			await sleep(1);
		}
		const { stdout, stderr } = await program.ended;
		expect(stdout).toBe(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(100_000)}\n`).join(''));
		expect(stderr).toBe('said\n');
	});

	it('is not mixed with what other threads print, however long the lines', async () => {
		const { stdout } = await run('print-long-lines');
		const lines = stdout.split('\n').slice(0, -1);
		const whole = ['a', 'b', 'c'].flatMap((letter) => Array<string>(20).fill(letter.repeat(100_000)));
		expect(lines.sort().join() === whole.join()).toBe(true);
	});

	it('by one that is terminated in the middle of a line does not silence the others', async () => {
		const program = new Program('end-mid-line');
		program.child.stdout.pause();
		await program.errorLines(1); // it is terminated while the pipe is full
		program.child.stdout.resume();
		const { code, stdout } = await program.ended;
		expect(stdout.endsWith('\nthe other one speaks\n')).toBe(true);
		expect(code).toBe(0);
	});

	it('to nobody, as the reader is gone, does not hang it', async () => {
		const program = new Program('print-to-nobody');
		program.child.stdout.destroy();
		const { code, stderr } = await program.ended;
		expect(stderr).toBe('done\n');
		expect(code).toBe(0);
	});

	it.runIf(existsSync('/dev/full')).each([
		['listens', 'called ENOSPC,ENOSPC,called ENOSPC,ENOSPC\n'],
		['ignores', 'called ENOSPC,called ENOSPC\n'],
	])('to a file that is full is an error, and ends nobody who %s', async (who, expected) => {
		const { code, stdout, stderr } = await run('print-to-full', { args: [who] });
		expect(stderr).toBe('');
		expect(stdout).toBe(expected);
		expect(code).toBe(0);
	});

	it('by console and streams comes in the order in which it was printed, while the main thread blocks', async () => {
		const { signal, stdout } = await run('print-in-order', { merges: true });
		expect(signal).toBe('SIGKILL');
		const [before, after] = stdout.split('Trace: where\n') as [string, string];
		expect(before.replace(/\d+(\.\d+)?ms/, 'N ms')).toBe(
			[
				'log 1',
				'error 2',
				'write 3',
				'warn 4 { a: 1 }',
				'in two parts',
				'┌─────────┬───┐',
				'│ (index) │ a │',
				'├─────────┼───┤',
				'│ 0       │ 1 │',
				'└─────────┴───┘',
				'{ deep: [Object] }',
				'outside',
				'  inside',
				'took: N ms',
				'bytes 5',
				'',
			].join('\n'),
		);
		expect(after.replaceAll(/ {4}at .*\n/g, '')).toBe('done\n');
	});

	it('in short lines is whole and in order for each of many threads at once', async () => {
		const { stdout } = await run('print-many');
		const lines = stdout.split('\n').slice(0, -1);
		expect(lines).toHaveLength(12 * 100);
		for (let thread = 0; thread < 12; thread++) {
			const own = lines.filter((line) => line.startsWith(`${thread}:`));
			expect(own).toEqual(Array.from({ length: 100 }, (_, i) => `${thread}: line ${i}`));
		}
	});

	it.each([
		['returns', ''],
		['exits', ''],
		['throws', 'Exception in thread Thread-1:\nError: thrown\n'],
		['strays', 'Exception in thread Thread-1:\nError: thrown\n'],
		['exhausts', /Exception in thread Thread-1:\nThreadExitError: Thread-1 ran out of memory/],
		['terminated', ''],
	])('is out to the last line, also what it held back, when the thread ends: %s', async (how, report) => {
		const { stdout, stderr } = await run('last-line', { args: [how] });
		expect(stdout).toBe(`last line\n${how === 'exhausts' || how === 'terminated' ? '' : 'held back\n'}`);
		const text = stderr.replaceAll(/ {4}at .*\n/g, '');
		if (typeof report === 'string') expect(text).toBe(report);
		else expect(text).toMatch(report);
	});
});

describe("a thread's process.stdout is a stream as any other", () => {
	it.each([
		['end', 'before\nthe end\nended, finished\nerror: ERR_STREAM_WRITE_AFTER_END\n'],
		['end-and-console', 'before\n'],
		['end-and-throw', ''],
		['cork', '0 6 first\nheld\nback\n0\n'],
		['callback', 'written\ncalled undefined\n'],
		['drain', '0 left, false\n'],
		['pipe', 'piped 0\npiped 1\npiped 2\n'],
		['properties', 'undefined undefined undefined true 0 true true false\n'],
		['assigned', 'true 40\n'],
		['encoding', 'aé€\naé€\n'],
		['refused', 'ERR_INVALID_ARG_TYPE\n'],
	])('%s', async (what, expected) => {
		const { code, stdout, stderr } = await run('stream-ways', { args: [what] });
		expect(stdout.replaceAll('x', '')).toBe(expected);
		expect(stderr.replaceAll(/ {4}at .*\n/g, '')).toBe(
			what === 'end-and-throw' ? 'Exception in thread Thread-1:\nError: thrown\n' : '',
		);
		expect(code).toBe(0);
	});
});

const script = '/usr/bin/script';
it.runIf(process.platform === 'linux' && existsSync(script))(
	'a thread knows the terminal it prints to as the main thread does',
	() => {
		const program = fileURLToPath(new URL('fixtures/print-to-terminal.mjs', import.meta.url));
		const command = `stty rows 30 cols 100; ${process.execPath} ${program}`;
		const env = { PATH: process.env.PATH, TERM: 'xterm' }; // what else there is may say that there are no colours
		const { stdout } = spawnSync(script, ['-qec', command, '/dev/null'], { encoding: 'utf8', env });
		const known = { isTTY: true, columns: 100, rows: 30, size: [100, 30], colors: true };
		expect(stdout.trim()).toBe(`true ${JSON.stringify(known)}`);
	},
);

it.runIf(process.platform === 'linux')(
	'lines are whole also where stdout and stderr are one pipe',
	async () => {
		const program = fileURLToPath(new URL('fixtures/print-to-both.mjs', import.meta.url));
		const child = spawn('/bin/sh', ['-c', 'exec "$0" "$1" 2>&1', process.execPath, program], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const printed: string[] = [];
		child.stdout.on('data', (text) => printed.push(String(text)));
		await once(child, 'close');
		const lines = printed.join('').trimEnd().split('\n');
		expect(lines.map((line) => `${line[0]} ${line.length}`).toSorted()).toEqual([
			...Array(20).fill('e 100000'),
			...Array(20).fill('l 100000'),
		]);
		for (const line of lines) expect(line).toMatch(/^(l+|e+)$/);
	},
);

describe('stdout and stderr of a Thread', () => {
	it('go where they are told to, from the thread, with its report and what its own threads print', async () => {
		const { code, stdout, stderr } = await run('redirect', { args: [log] });
		expect(readFileSync(log, 'utf8').replaceAll(/ {4}at .*\n/g, '')).toBe(
			[
				'log',
				'error',
				'nested',
				'deeper',
				'a Worker of its own',
				'Exception in thread teller:',
				'Error: the end',
				'',
			].join('\n'),
		);
		expect(stdout).toBe('in the file before the thread goes on\nthe other one\nback\n');
		expect(stderr).toBe('only stdout is elsewhere\n');
		expect(code).toBe(0);
	});

	it.each([
		[{ stdout: 'log' }, new TypeError('stdout must be a file descriptor, not a string')],
		[{ stderr: -1 }, new RangeError('stderr must be a file descriptor, not -1')],
		[{ stderr: 1.5 }, new RangeError('stderr must be a file descriptor, not 1.5')],
		[{ stdout: 2 ** 40 }, new RangeError(`stdout must be a file descriptor, not ${2 ** 40}`)],
		[
			{ stdout: 12_345 },
			new RangeError('stdout must be a file descriptor that is open for writing, which 12345 is not (EBADF)'),
		],
	])('%o is refused', (options, error) => {
		expect(() => new Thread({ target: () => {}, ...(options as object) })).toThrow(error);
	});

	it('a descriptor that is open only for reading is refused', () => {
		const fd = openSync(fileURLToPath(import.meta.url), 'r');
		expect(() => new Thread({ target: () => {}, stderr: fd })).toThrow(/^stderr must be .* open for writing/);
		closeSync(fd);
	});
});
