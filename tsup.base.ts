import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Options } from 'tsup';

/**
 * The build of a published package: one ESM file, its types, and the package itself as text.
 *
 * A worker may have no file to import the package from (the user's app may be bundled into one file), so every
 * package carries its own source as a string, and the far side evaluates that. See ARCHITECTURE.md, "Texts".
 */
export function concPackage(name: string): Options {
	return {
		entry: { index: 'src/index.ts' },
		format: 'esm',
		target: 'node20',
		platform: 'node',
		dts: true,
		clean: true,
		esbuildPlugins: [texts(name)],
	};
}

/**
 * Resolves `text:far`, `text:parser` and `text:self`, and appends to the table of contents what makes the package
 * known to core. Inside a text, texts are empty: the far side is given them when it starts.
 */
function texts(name: string, inside: 'package' | 'text' = 'package'): Plugin {
	const index = path.resolve('src/index.ts');
	return {
		name: 'conc-texts',
		setup({ onResolve, onLoad }) {
			onResolve({ filter: /^text:/ }, ({ path }) => ({ path, namespace: 'text' }));
			onLoad({ filter: /.*/, namespace: 'text' }, async ({ path }) => ({
				contents: inside === 'package' ? await bundledText(path, name) : '',
				loader: 'text',
			}));
			onLoad({ filter: /index\.ts$/ }, async ({ path }) => {
				if (path !== index) return undefined;
				return { contents: `${await readFile(path, 'utf8')}\n${definition(name)}`, loader: 'ts' };
			});
		},
	};
}

function definition(name: string): string {
	const text = name === '@conc/core' ? "const text = '';" : "import text from 'text:self';";
	return `${text}
import * as self from './index.ts';
import { definePackage } from '${name === '@conc/core' ? './packages.ts' : '@conc/core'}';
definePackage(${JSON.stringify(name)}, self, text);
`;
}

const sources: Record<string, string> = {
	'text:self': 'src/index.ts',
	'text:far': 'src/entry/far.ts',
	'text:parser': 'acorn',
};

async function bundledText(specifier: string, name: string): Promise<string> {
	const entry = sources[specifier];
	if (entry === undefined) throw new Error(`no such text: ${specifier}`);
	const { outputFiles } = await build({
		entryPoints: [entry],
		bundle: true,
		write: false,
		format: 'cjs',
		platform: 'node',
		target: 'node20',
		minifyWhitespace: true,
		minifySyntax: true,
		minifyIdentifiers: specifier === 'text:parser', // nobody sees its names
		legalComments: 'none',
		external: specifier === 'text:self' ? ['@conc/*'] : [],
		plugins: [texts(name, 'text')],
	});
	return outputFiles[0]?.text ?? '';
}
