import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gone } from './support/gone.js';
import { Program, run } from './support/programs.js';

/** A fixture's last line is JSON. */
async function outcome(fixture: string, args: string[]): Promise<{ report: string; [key: string]: unknown }> {
	const { stdout, stderr } = await run(fixture, { args });
	return { ...JSON.parse(stdout.trimEnd()), report: stderr };
}

const early = (how: string) => `ProcessExitError: Process-1 (pid) ${how} before its target returned`;

describe('how a child ended', () => {
	it.each([
		['return', 0, 'returned'],
		['promise', 0, 'resolved'],
		['exit', 0, early('exited with code 0')],
		['exit-0', 0, early('exited with code 0')],
		['exit-7', 7, early('exited with code 7')],
		['exit-code', 5, 'returned'],
	])('%s: exit code %i, and nothing is reported', async (way, exitCode, settled) => {
		const ended = await outcome('exit', [way]);
		expect(ended).toEqual({ exitCode, signalCode: null, outcome: settled, report: '' });
	});

	it.each([
		['throw', 'TypeError: thrown at once', 'TypeError: thrown at once'],
		['reject', 'RangeError: thrown later', 'RangeError: thrown later'],
		['text', 'no error at all', 'thrown: no error at all'],
		['timer', 'Error: thrown in a timer', early('ended by an uncaught error')],
		['floating', 'Error: floating', early('ended by an uncaught error')],
	])('%s: exit code 1, and the error is reported once under its name', async (way, report, settled) => {
		const { report: reported, ...ended } = await outcome('exit', [way]);
		expect(ended).toEqual({ exitCode: 1, signalCode: null, outcome: settled });
		expect(reported.startsWith('Process Process-1:\n')).toBe(true);
		expect(reported.split('\n').filter((line) => line === report)).toHaveLength(1);
		expect(reported).toContain(way === 'text' ? report : 'exit.mjs:');
	});

	it.each(['return', 'exit-7', 'reject', 'abort', 'term'])('%s: is the same after joinSync', async (way) => {
		const [waited, blocked] = await Promise.all([outcome('exit', [way]), outcome('exit', [way, 'joinSync'])]);
		expect({ ...blocked, report: '' }).toEqual({ ...waited, report: '' });
	});

	it.each([
		['abort', -6, 'SIGABRT', ' (as by running out of memory)'],
		['term', -15, 'SIGTERM', ''],
	])('%s: exit code %i, and the name of the signal', async (way, exitCode, signalCode, hint) => {
		const ended = await outcome('exit', [way]);
		expect(ended).toMatchObject({
			exitCode,
			signalCode,
			outcome: early(`was ended by ${signalCode}${hint}`),
		});
	});
});

it('a child runs while its parent computes and never yields', async () => {
	const path = join(mkdtempSync(join(tmpdir(), 'conc-process-')), 'ran');
	const { stdout } = await run('busy-parent', { args: [path] });
	rmSync(dirname(path), { recursive: true });
	expect(stdout).toBe('the child has run\n');
});

it('a child waits in silence for a parent whose broker does not listen yet', async () => {
	const { child, ended } = new Program('late-home');
	const goesOn = setInterval(() => child.kill('SIGCONT'), 3_000);
	const { code, stdout, stderr } = await ended.finally(() => clearInterval(goesOn));
	expect([code, stdout, stderr]).toEqual([0, 'got it\n', '']);
});

it('the end of a child comes after that of the threads it has started; daemons are terminated', async () => {
	const { stdout } = await run('threads-of-a-child');
	expect(stdout).toBe('target done\nthread done, daemon false\njoined 0\n');
});

describe('the end of the parent', () => {
	it('comes after that of its children, and of theirs; daemons are terminated', async () => {
		const { code, stdout } = await run('parent-ends');
		const [first = '', ...lines] = stdout.trimEnd().split('\n');
		expect([code, ...lines]).toEqual([0, 'child done', 'grandchild done']);
		await Promise.all(pidsIn(first).map(gone));
	});

	it('by process.exit ends all children', async () => {
		const { code, stdout } = await run('parent-ends', { args: ['exit'] });
		expect(code).toBe(3);
		expect(stdout).toMatch(/^main done \d+ \d+\n$/);
		await Promise.all(pidsIn(stdout).map(gone));
	});

	it.each([
		['process.exit', 'exit', 3],
		['an uncaught error', 'throw', 1],
	])('by %s ends all its children and theirs, in a CPU loop as they are', async (_, way, exitCode) => {
		const program = new Program('family', { args: [way] });
		const pids = pidsIn((await program.lines(4)).join(' '));
		program.child.kill('SIGUSR2');
		expect((await program.ended).code).toBe(exitCode);
		await Promise.all(pids.map(gone));
	});

	it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT'] as const)(
		'by %s ends all its children and theirs, in a CPU loop as they are',
		async (signal) => {
			const program = new Program('family');
			const pids = pidsIn((await program.lines(4)).join(' '));
			expect(pids).toHaveLength(4);
			program.child.kill(signal);
			expect((await program.ended).signal).toBe(signal); // its pipes are closed: nobody holds them
			await Promise.all(pids.map(gone));
		},
	);

	it.each([
		['and nothing is printed', 'dies', { code: null, signal: 'SIGINT', stdout: '' }],
		['unless it handles that', 'handles', { code: 130, signal: null, stdout: '-2 SIGINT\n-2 SIGINT\n' }],
	])('comes with that of all of them at Ctrl-C, %s', async (_, way, end) => {
		const program = new Program('interrupted-family', { args: [way], detached: true });
		const lines = await program.lines(4);
		process.kill(-(program.child.pid as number), 'SIGINT');
		const { stdout, ...ended } = await program.ended;
		const rest = stdout.slice(`${lines.join('\n')}\n`.length);
		expect({ ...ended, stdout: rest }).toEqual({ ...end, stderr: '' });
		await Promise.all(pidsIn(lines.join(' ')).map(gone));
	});

	// Whoever changes the user is not ended with the parent any more, which only root can.
	it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
		'by SIGKILL is seen by a child that survives it',
		async () => {
			const program = new Program('survivor');
			const [line] = await program.lines(1);
			expect(line).toMatch(/^\d+ MainProcess true$/);
			program.child.kill('SIGKILL');
			const { stdout } = await program.ended;
			expect(stdout).toBe(`${line}\nMainProcess false\n`);
			await gone(Number(line?.split(' ')[0]));
		},
	);

	it('comes after the end of a daemon that is awaited', async () => {
		const { code, stdout } = await run('wait-for-daemon');
		expect([code, stdout]).toEqual([0, 'false true done\nfalse\n']);
	});

	it('and that of a child in the middle of it: all below it end', async () => {
		const program = new Program('family');
		const lines = await program.lines(4);
		const pid = (what: string) => Number(lines.find((line) => line.startsWith(`${what} `))?.split(' ')[1]);
		process.kill(pid('child'), 'SIGKILL');
		await gone(pid('grandchild'));
		program.child.kill('SIGKILL');
		await program.ended;
	});
});

function pidsIn(text: string): number[] {
	return (text.match(/\d+/g) ?? []).map(Number);
}

describe('who is who', () => {
	it('processes are numbered by their parents, know them, and are listed while they live', async () => {
		const { stdout } = await run('lineage');
		const of = (name: string, parent: string) => ({
			name,
			daemon: false,
			isOwnPid: true,
			parent: [parent, true, true],
		});
		expect(JSON.parse(stdout)).toEqual({
			root: { name: 'MainProcess', daemon: false, isOwnPid: true, parent: null },
			active: ['Process-1', 'Ann'],
			all: [
				[of('Process-1', 'MainProcess'), of('Process-1:1', 'Process-1'), of('Process-1:2', 'Process-1')],
				[of('Ann', 'MainProcess'), of('Process-2:1', 'Ann'), of('Process-2:2', 'Ann')],
			],
			left: 0,
		});
	});

	it('threads of a child know the process they are in, and share its numbers', async () => {
		const { stdout } = await run('from-threads');
		expect(stdout.split('\n')).toEqual([
			'root: MainProcess, no parent, children Process-1 Process-2 Process-3',
			'child: Process-4, parent MainProcess, children Process-4:1 Process-4:2 Process-4:3',
			'',
		]);
	});

	it('a daemon may not have children, whichever thread of it asks', async () => {
		const { stdout } = await run('daemon');
		expect(stdout.split('\n')).toEqual([
			'ProcessError: d is a daemon, and a daemon may not have children: start it with daemon: false, true',
			'ProcessError in Process-2, true, child of MainProcess',
			'false',
			'',
		]);
	});
});

describe('a program with processes', () => {
	it('needs no main guard: its file is not run again', async () => {
		expect(await run('unguarded')).toMatchObject({ code: 0, stdout: 'main\nchild captured\n', stderr: '' });
	});

	it.each([
		['-e', `const { Process } = require('@conc/process')`],
		['--input-type=module', `import { Process } from '@conc/process'`],
		['--input-type module', `import { Process } from '@conc/process'`],
	])('may be no file at all: %s', async (option, load) => {
		const text = `${load}; const x = 4; new Process({ target: () => console.log('got', x) }).start()`;
		const args = option === '-e' ? ['-e', text] : [...option.split(' '), '-e', text];
		expect(await run(null, { nodeArgs: args })).toMatchObject({ code: 0, stdout: 'got 4\n', stderr: '' });
	});

	it.each([
		['read from stdin', '-', `const { Process } = require('@conc/process'); const x = 4;`, /^got 4\n$/],
		['typed', '-i', `const { Process } = require('@conc/process')\nconst x = 4\n`, /got 4\n/],
	])('may be %s', async (_, option, text, output) => {
		const stdin = `${text}new Process({ target: () => console.log('got', x) }).start().joinSync()\n`;
		const { code, stdout, stderr } = await run(null, { nodeArgs: [option], stdin });
		expect([code, stderr]).toEqual([0, '']);
		expect(stdout).toMatch(output);
	});

	it('has children with the same options of Node, but for those that say what to run', async () => {
		const target = '() => console.log(process.execArgv.join())';
		const text = `const { Process } = require('@conc/process'); new Process({ target: ${target} }).start()`;
		const { stdout } = await run(null, { nodeArgs: ['--stack-size=900', '--no-warnings', '-e', text] });
		expect(stdout).toBe('--stack-size=900,--no-warnings\n');
	});

	it.runIf(process.platform !== 'win32')(
		'may start as many as the system lets it, and is told when',
		async () => {
			const { code, stdout } = await run('too-many', { files: 48 });
			expect(code).toBe(0);
			expect(stdout).toMatch(
				/^true again ProcessError: the system could not start Process-\d+: .*too many open files/,
			);
		},
	);

	it('that does not ask for the result of a child goes on; the report is all there is of a failure', async () => {
		const { code, stdout, stderr } = await run('ignored-failure');
		expect([code, stdout]).toEqual([0, '']);
		expect(stderr).toMatch(/^Process Process-1:\nRangeError: not asked for\n( {4}at .*\n)+$/);
	});

	it('that only imports the package has started and installed nothing', async () => {
		const { stdout } = await run('import-only', { args: ['@conc/process'] });
		const { before, after } = JSON.parse(stdout);
		expect(after).toEqual(before);
	});

	it('loses nothing of what a child printed to a slow reader', async () => {
		const program = new Program('print-much');
		for (let i = 0; i < 20; i++) {
			program.child.stdout.pause();
			await sleep(10);
			program.child.stdout.resume();
			await sleep(1);
		}
		const { stdout, stderr } = await program.ended;
		expect(stdout).toBe(Array.from({ length: 30 }, (_, i) => `${i} ${'x'.repeat(100_000)}\n`).join(''));
		expect(stderr).toBe('said\n0\n');
	});

	it('does not hang when nobody reads what a child prints', async () => {
		const program = new Program('print-to-nobody');
		program.child.stdout.destroy();
		expect((await program.ended).stderr).toContain('true\n');
	});

	it('a child whose stdout is broken fails only where Node says so, and it is reported', async () => {
		const program = new Program('broken-stdout');
		program.child.stdout.destroy();
		const { code, stderr } = await program.ended;
		expect(code).toBe(0);
		expect(stderr).toMatch(/^Process-1: exit code 0\nProcess Process-2:\n/);
		expect(stderr).toContain('\nError: write EPIPE\n');
		expect(stderr).toMatch(/\nProcess-2: exit code 1\n$/);
	});

	it('works with stdin, stdout and stderr closed', async () => {
		const { code } = await run('no-streams', { closed: true });
		expect(code).toBe(9);
	});
});
