import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fixture, output, runNode } from './support/programs.js';

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

it('importing the package starts nothing', async () => {
	expect(await output(runNode([fixture('import-only.mjs')]))).toEqual({
		exports: true,
		resources: [],
		threads: 0,
		sameListeners: true,
	});
});

it('a module that starts a host while it is imported for a worker is told so, by name', async () => {
	const errors = (await output(runNode([fixture('recursion.mjs')]))) as object[];
	expect(errors).toHaveLength(2);
	for (const error of errors) {
		expect(error).toMatchObject({ name: 'StartupRecursionError', code: 'CONC_STARTUP_RECURSION' });
		expect(error).toMatchObject({ message: expect.stringContaining('starts-while-imported.mjs') });
	}
});

it('a child in a CPU loop dies with its parent, even where that is killed', async () => {
	const parent = spawn(process.execPath, [fixture('parent-of-busy-child.mjs')], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const [line] = await once(parent.stdout, 'data');
	const pid = Number(String(line));
	expect(isAlive(pid)).toBe(true);
	parent.kill('SIGKILL');
	while (isAlive(pid)) await setTimeout(5);
});

it('a program ends when its work is done and its hosts are idle and unreferenced', async () => {
	expect(await runNode([fixture('idle-hosts.mjs')])).toEqual({
		code: 0,
		signal: null,
		stdout: '1\n1\n',
		stderr: '',
	});
});
