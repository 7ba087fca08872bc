import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './support/programs.js';

describe('threads that block for each other', () => {
	it('by joins alone are told so: one gets an error, the others go on', async () => {
		const { stdout } = await run('join-each-other', { args: ['joins'] });
		expect(stdout).toMatch(
			/^true\nDeadlockError CONC_DEADLOCK\n(one|two) would never end: 2 threads wait for each other\n/,
		);
		expect(stdout).toContain('one waits for two');
		expect(stdout).toContain('two waits for one');
		expect(stdout).toContain('join-each-other.mjs:');
	});

	it('by a join and a lock are told so too', async () => {
		const { stdout } = await run('join-each-other', { args: ['lock'] });
		expect(stdout).toMatch(/^true\nDeadlockError CONC_DEADLOCK\n/);
		expect(stdout).toContain('one waits for two');
		expect(stdout).toContain('two waits for Lock "the lock"');
	});
});

describe('a program on the command line', () => {
	const ofProcess = [
		...['--title=x', '--title=a, b', '--v8-pool-size=2', '--report-on-fatalerror'],
		...[
			'--zero-fill-buffers',
			'--disallow-code-generation-from-strings',
			'--max-old-space-size=500',
			'--no-opt',
		],
	];
	it.each([
		[['--input-type=module']],
		[['--input-type', 'module']],
		...ofProcess.map((option) => [['--input-type=module', option]]),
		[['--title', 'x', '--input-type', 'module', '--no-warnings']],
		[['--input-type=module', ...ofProcess]],
	])('with the options %j has threads that run', (options) => {
		const program = `import { Thread } from '@conc/thread';
			console.log(await new Thread({ target: () => 'runs' }).start().result);`;
		const { stdout, stderr } = spawnSync(process.execPath, [...options, '-e', program], {
			cwd: fileURLToPath(new URL('.', import.meta.url)),
			encoding: 'utf8',
		});
		expect(stderr).toBe('');
		expect(stdout).toBe('runs\n');
	});
});

describe('an error in a thread', () => {
	it.each([
		['sync', 'TypeError: thrown at once', 'TypeError: thrown at once, undefined'],
		['async', 'RangeError: thrown later', 'RangeError: thrown later, undefined'],
		['text', 'no error at all', 'string: no error at all, undefined'],
		['timer', 'Error: thrown in a timer', uncaught('thrown in a timer')],
		['floating', 'Error: floating', uncaught('floating')],
	])(
		'%s: is reported once with the name of the thread, and the host lives',
		async (what, report, outcome) => {
			const { code, stdout, stderr } = await run('throw', { args: [what] });
			const [heading, first, ...frames] = stderr.trimEnd().split('\n');
			expect([heading, first]).toEqual(['Exception in thread Thrower:', report]);
			for (const frame of frames) expect(frame).toMatch(/^ {4}at .*(throw\.mjs|node:internal)/);
			expect(stdout).toBe(`the host lives: ${outcome}\n`);
			expect(code).toBe(0);
		},
	);

	it('out of memory ends the thread and nothing else', async () => {
		const { code, stdout } = await run('exhaust-memory');
		expect(stdout.split('\n')).toEqual([
			'ThreadExitError: Thread-1 ran out of memory before its target returned (out-of-memory)',
			'the next one runs',
			'',
		]);
		expect(code).toBe(0);
	});

	it('process.exit ends the thread and nothing else', async () => {
		expect(await run('exit-thread')).toEqual({
			code: 0,
			signal: null,
			stdout: 'last words\nThreadExitError: Thread-1 exited with code 3 before its target returned (3)\n',
			stderr: '',
		});
	});
});

function uncaught(message: string): string {
	return `ThreadExitError: Thrower ended by an uncaught error before its target returned, ${message}`;
}

describe('who listens for the end of a thread', () => {
	it.each([
		['returns', 'hook 0\nhook done\njoined, free\n'],
		['later', 'hook 0\nhook done\njoined, free\n'],
		['exits', 'hook 3\nhook done\njoined, free\n'],
		['throws', 'hook 0\nhook done\njoined, free\n'],
		['strays', 'hook 1\nhook done\njoined, free\n'],
		['terminated', 'joined, AbandonedLockError\n'],
	])('is told once, before joinSync is done, unless it is terminated: %s', async (how, expected) => {
		const { code, stdout } = await run('exit-hooks', { args: [how] });
		expect(stdout).toBe(expected);
		expect(code).toBe(0);
	});
});

describe('the end of a program', () => {
	it('waits for threads, and they for theirs', async () => {
		const { code, stdout } = await run('wait-for-thread');
		expect(stdout).toBe('main done\nthread done\nnested done\n');
		expect(code).toBe(0);
	});

	it('does not wait for daemons, even busy ones', async () => {
		expect(await run('leave-daemons')).toEqual({ code: 0, signal: null, stdout: 'main done\n', stderr: '' });
	});

	it('comes after the end of a daemon that is awaited', async () => {
		const { code, stdout } = await run('wait-for-daemon');
		expect(stdout).toBe('false true done\nfalse\n');
		expect(code).toBe(0);
	});

	it('daemons start daemons', async () => {
		const { stdout } = await run('inherit-daemon');
		expect(stdout).toBe('true,false false,false\n');
	});
});

describe('a program with threads', () => {
	it('that only imports the package has started and installed nothing', async () => {
		const { stdout } = await run('import-only', { args: ['@conc/thread'] });
		const { before, after } = JSON.parse(stdout);
		expect(after).toEqual(before);
	});

	it('keeps neither the target nor the arguments of a thread that is done', async () => {
		const { stdout } = await run('let-go', { nodeArgs: ['--expose-gc'] });
		expect(stdout).toBe('100000000 argument target true\n');
	});
});
