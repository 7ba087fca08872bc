import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const made: string[] = [];

/** An empty directory outside the repository, gone after the tests. */
export function emptyDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), 'conc-core-'));
	made.push(directory);
	return directory;
}

/** A user's project with the files of a fixture directory, in which @conc/core is installed. */
export function projectOf(fixtures: string, type: 'module' | 'commonjs'): string {
	const directory = emptyDirectory();
	cpSync(new URL(`../fixtures/${fixtures}`, import.meta.url), directory, { recursive: true });
	writeFileSync(join(directory, 'package.json'), JSON.stringify({ type }));
	mkdirSync(join(directory, 'node_modules/@conc'), { recursive: true });
	symlinkSync(
		fileURLToPath(new URL('../..', import.meta.url)),
		join(directory, 'node_modules/@conc/core'),
		'dir',
	);
	return directory;
}

afterAll(() => {
	for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});
