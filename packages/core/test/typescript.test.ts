import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { media } from './support/hosts.js';
import { output, runNode } from './support/programs.js';
import { projectOf } from './support/projects.js';

type Outcome = Record<'thread' | 'process', { work: unknown[]; stack: string }>;

const tsx = createRequire(import.meta.url).resolve('tsx/cli');

function run(file: string, type: 'module' | 'commonjs', runner: readonly string[]) {
	const cwd = projectOf('typescript', type);
	const program = join(cwd, file);
	const lines = readFileSync(program, 'utf8').split('\n');
	const failing = lines.findIndex((line) => line.includes('throw new TypeError')) + 1;
	return {
		outcome: output(runNode([...runner, program], { cwd })) as Promise<Outcome>,
		place: `${file}:${failing}:`,
	};
}

describe('TypeScript run by tsx', () => {
	const expected = {
		'esm.ts': [11, 'a/b', 4, 2, true],
		'commonjs.ts': [9, 'a/b/', 4, 2, 3, 42, 'commonjs.ts', true],
	};

	it.each([
		['an ES module', 'esm.ts', 'module'],
		['a CommonJS package', 'commonjs.ts', 'commonjs'],
	] as const)('crosses from %s, with what it imports, and stacks show its lines', async (_, file, type) => {
		const { outcome, place } = run(file, type, [tsx]);
		const outcomes = await outcome;
		for (const medium of media) {
			expect(outcomes[medium].work).toEqual(expected[file]);
			expect(outcomes[medium].stack).toContain('TypeError: failed x');
			expect(outcomes[medium].stack).toContain(place);
		}
	});
});

describe('TypeScript whose types Node strips', () => {
	const strips = (process.features as { typescript?: unknown }).typescript === 'strip';

	it.runIf(strips)('crosses with what it imports, and stacks show its lines', async () => {
		const { outcome, place } = run('stripped.ts', 'module', ['--disable-warning=ExperimentalWarning']);
		const outcomes = (await outcome) as Outcome & { explained: string };
		for (const medium of media) {
			expect(outcomes[medium].work).toEqual([6, true]);
			expect(outcomes[medium].stack).toContain(place);
		}
		expect(outcomes.explained).toMatch(/^`scaleBy` \(stripped-helper\.ts:5:8\) by reference/);
	});
});
