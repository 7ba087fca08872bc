import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { fixture, output, runNode } from './support/programs.js';
import { emptyDirectory } from './support/projects.js';

const common = {
	work: [8, 'b', 8, '\n', 'function'],
	error: [true, 'no', true],
	instance: [true, 16],
	nested: 17,
};
const expected = {
	thread: { ...common, counter: [1, 2] },
	process: { ...common, counter: null },
	explained: 3,
};

describe('an app in several files', () => {
	it('runs from its files as they are', async () => {
		expect(await output(runNode([fixture('app/main.mjs')]))).toEqual(expected);
	});

	it.each([
		['esm', false, 'app.mjs'],
		['esm', true, 'app.mjs'],
		['cjs', false, 'app.cjs'],
		['cjs', true, 'app.cjs'],
	] as const)(
		'runs bundled into one file (%s, minified: %s), with nothing else around',
		async (format, minify, name) => {
			const outfile = join(emptyDirectory(), name);
			const entryPoints = [fixture('app/main.mjs')];
			await build({
				entryPoints,
				bundle: true,
				platform: 'node',
				format,
				minify,
				outfile,
				logLevel: 'error',
			});
			const cwd = emptyDirectory();
			copyFileSync(outfile, join(cwd, name));
			expect(await output(runNode([join(cwd, name)], { cwd }))).toEqual(expected);
		},
	);
});
