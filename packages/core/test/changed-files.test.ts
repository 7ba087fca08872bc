import { join } from 'node:path';
import { expect, it } from 'vitest';
import { output, runNode } from './support/programs.js';
import { projectOf } from './support/projects.js';

it('of a file that was changed on disk since it was loaded, or by a loader, what runs goes', async () => {
	const cwd = projectOf('changed', 'module');
	const found = (await output(runNode(['--no-deprecation', join(cwd, 'main.mjs')], { cwd }))) as Record<
		string,
		unknown
	>;
	expect(Object.keys(found)).toHaveLength(25);
	expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, 10])));
});
