import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { execaNode } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';

const app = fileURLToPath(new URL('./fixtures/app.mjs', import.meta.url));
const expected = {
	count: 2_000,
	names: ['ThreadPoolWorker-N', 'ThreadPoolWorker-N'],
	scaled: [3, 6, 9],
	worker: 'PoolWorker-N',
	ids: [7, 7],
	nested: 'deep',
};

describe('an app that uses all packages', () => {
	test('runs from its file', async () => {
		const { stdout } = await execaNode(app);
		expect(JSON.parse(stdout)).toEqual(expected);
	});

	test.each([
		['esm', false],
		['esm', true],
		['cjs', true],
	] as const)(
		'runs bundled into one file (%s, minified: %s) with nothing beside it',
		async (format, minify) => {
			const cwd = mkdtempSync(join(tmpdir(), 'conc-bundle-'));
			onTestFinished(() => rmSync(cwd, { recursive: true }));
			const outfile = join(cwd, format === 'esm' ? 'app.mjs' : 'app.cjs');
			await build({
				entryPoints: [app],
				bundle: true,
				platform: 'node',
				format,
				minify,
				outfile,
				logLevel: 'error',
			});
			const { stdout } = await execaNode(outfile, { cwd });
			expect(JSON.parse(stdout)).toEqual(expected);
		},
	);
});
