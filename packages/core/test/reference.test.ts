import { byReference, byValue } from '@conc/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { media } from './support/hosts.js';
import { fixture, output, runNode } from './support/programs.js';

interface Outcome {
	thread: Record<string, unknown>;
	process: Record<string, unknown>;
	shared: number[];
	messages: Record<'local' | 'meta', string>;
	explained: string[];
}

describe('in plain ES modules', () => {
	let outcome: Outcome;
	beforeAll(async () => {
		const main = fixture('by-reference/main.mjs');
		outcome = (await output(runNode([main], { cwd: fixture('by-reference') }))) as Outcome;
	});

	it.each(media)('an export of a module is imported on a %s, whose module state is fresh', (medium) => {
		expect(outcome[medium].fresh).toEqual([
			[1, 1],
			[2, 1],
		]);
		expect(outcome[medium].sameAsImported).toBe(true);
		expect(outcome[medium].home).toBe(true);
	});

	it.each(media)('functions of the entry go by value to a %s, exported or not', (medium) => {
		expect(outcome[medium]).toMatchObject({ entry: 9, exportedEntry: 8 });
	});

	it.each(media)('what a module does not export goes by value to a %s', (medium) => {
		expect(outcome[medium].unexported).toBe('hidden');
	});

	it.each(media)('a class with static state goes by reference to a %s', (medium) => {
		expect(outcome[medium].staticState).toEqual(['evaluated']);
	});

	it.each(media)(
		'byReference with a name runs that export on a %s, byValue the function itself',
		(medium) => {
			expect(outcome[medium].named).toBe(3);
			expect(outcome[medium].byValue).toEqual([3, 1]);
		},
	);

	it('a function that reaches something shared goes by value, so that both sides have the same', () => {
		expect(outcome.shared).toEqual([1, 3, 4]);
	});

	it('byReference without a name refuses what no module exports', () => {
		expect(outcome.messages.local).toMatch(
			/it was to go by reference, but it stands in the entry of the program/,
		);
	});

	it('import.meta other than the place of the module is refused', () => {
		expect(outcome.messages.meta).toMatch(
			/uses `import\.meta\.resolve` \(main\.mjs:\d+:\d+\), of which only url/,
		);
	});

	it('explain draws how a function would cross, as a tree', () => {
		const entry = 'it stands in the entry of the program, which never runs a second time';
		const tree = (text: string | undefined) => text?.replace(/:\d+:\d+\)/g, ')').split('\n');
		const [local, shared, exported, named, native, ours, bound] = outcome.explained.map(tree);
		expect(local).toEqual([
			`\`local\` (main.mjs) by value: ${entry}`,
			'├─ `default` (state.mjs) by reference: a module exports it',
			`└─ \`exportedEntry\` (main.mjs) by value: ${entry}`,
		]);
		expect(shared).toEqual([
			'`incrementTwice` (counter.mjs) by value: it uses something shared, which must be the same on both sides',
			'└─ `add` (counter.mjs) by value: no module exports it',
			'   └─ counter: a SharedCounter, shared',
		]);
		expect(exported).toEqual(['`bump` (state.mjs) by reference: a module exports it']);
		expect(named).toEqual(['`(anonymous)` (main.mjs) by reference: byReference names its export']);
		expect(native).toEqual(['`max` by name: Node has it']);
		expect(ours?.[0]).toMatch(/^`startThread` \(.+\) by name: @conc\/core exports it$/);
		expect(bound?.[0]).toBe('`bound local` bound');
		expect(bound?.[1]).toBe(`└─ \`local\` (main.mjs) by value: ${entry}`);
	});
});

describe('in CommonJS', () => {
	it('require, exports, __filename and __dirname are those of the file; sloppy and strict code stay so', async () => {
		const work = [20, 'commonjs.cjs', 'by-reference', 10, true];
		const each = [work, [true, 1, 'argument'], true];
		expect(await output(runNode([fixture('by-reference/commonjs.cjs')]))).toEqual([...each, ...each]);
	});
});

describe('byReference and byValue', () => {
	it('give back the function, and take nothing else', () => {
		const fn = () => 1;
		expect(byReference(fn)).toBe(fn);
		expect(byValue(fn)).toBe(fn);
		expect(() => byReference(1 as never)).toThrow('byReference takes a function, not a number');
		expect(() => byValue(undefined as never)).toThrow('byValue takes a function, not undefined');
	});
});
