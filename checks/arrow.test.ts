import { describe, expect, test } from 'vitest';
import { violations } from './arrow.js';
import { importsOf, type Manifest, type Member, readWorkspace } from './workspace.js';

const workspace = readWorkspace();

describe('the arrow of dependency', () => {
	test('is kept by every package.json and every import', () => {
		expect(violations(workspace)).toEqual([]);
	});

	test('is about all six packages, and sees imports', () => {
		const packages = workspace.filter(({ directory }) => directory.startsWith('packages/'));
		expect(packages.map(({ manifest }) => manifest.name)).toEqual(
			['core', 'local', 'lock', 'pool', 'process', 'thread'].map((name) => `@conc/${name}`),
		);
		const local = packages.find(({ directory }) => directory === 'packages/local');
		expect(local?.imports.map(({ specifier }) => specifier)).toContain('@conc/core');
	});
});

describe('the check of it finds', () => {
	const core = member('core', {});

	test.each<[what: string, text: string, found: string[]]>([
		[
			'an import upwards',
			"import { Pool } from '@conc/pool'",
			['against the arrow', 'not in its dependencies'],
		],
		['a type that is imported upwards', "import type { Pool } from '@conc/pool'", ['against the arrow']],
		['an export from upwards', "export * from '@conc/pool'", ['against the arrow']],
		['an import() upwards', "const pool = await import('@conc/pool')", ['against the arrow']],
		['a require() upwards', "const pool = require('@conc/pool')", ['against the arrow']],
		['an import of an internal', "import '@conc/core/dist/index.js'", ['an internal of @conc/core']],
		['a path into another package', "import '../../core/src/realm.js'", ['outside its src']],
		['a package that is not declared', "import 'lodash/fp'", ['which is not declared']],
		['a built-in module without node:', "import 'fs'", ['without node:']],
		['nothing where all is well', "import '@conc/core'; import './held.js'; import 'node:fs'", []],
	])('%s', (_what, text, found) => {
		const lock = member('lock', { dependencies: { '@conc/core': 'workspace:^' } }, text);
		const says = violations([core, lock, member('pool', {})]).join('\n');
		if (found.length === 0) expect(says).toBe('');
		for (const sentence of found) expect(says).toContain(sentence);
	});

	test.each<[what: string, manifest: Partial<Manifest>, found: string]>([
		['a dependency upwards', { dependencies: { '@conc/pool': 'workspace:^' } }, 'against the arrow'],
		['a tool upwards', { devDependencies: { '@conc/pool': 'workspace:^' } }, 'against the arrow'],
		['a peer of ours', { peerDependencies: { '@conc/core': 'workspace:^' } }, 'must be in dependencies'],
		['a dependency from a registry', { dependencies: { '@conc/core': '^1.0.0' } }, "not the workspace's"],
		[
			'a dependency that is not ours',
			{ dependencies: { lodash: '^4.0.0' } },
			'lodash in dependencies is not ours',
		],
		[
			'a peer that users must bring',
			{ peerDependencies: { lodash: '^4.0.0' } },
			'lodash in peerDependencies',
		],
	])('%s', (_what, manifest, found) => {
		expect(violations([core, member('lock', manifest)]).join('\n')).toContain(found);
	});

	test('a package that is not in it', () => {
		expect(violations([member('queue', {})])).toEqual([
			'@conc/queue has no place in the arrow of dependency',
		]);
	});
});

function member(name: string, manifest: Partial<Manifest>, text = ''): Member {
	const directory = `packages/${name}`;
	return {
		directory,
		manifest: { name: `@conc/${name}`, exports: { '.': {} }, ...manifest },
		imports: importsOf(`${directory}/src/index.ts`, text),
	};
}
