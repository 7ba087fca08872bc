import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

async function run(fixture: string): Promise<string> {
	const file = fileURLToPath(new URL(`./fixtures/${fixture}.mjs`, import.meta.url));
	const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
	expect(stderr).toBe('');
	return stdout;
}

it('a process ends when nobody waits any more', async () => {
	expect(await run('idle-lock')).toBe('enough\nidle\n');
});

it('a process does not end while a task waits', async () => {
	expect(await run('pending-wait')).toBe('acquired\n');
});
