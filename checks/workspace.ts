import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Manifest {
	readonly name: string;
	readonly private?: boolean;
	readonly exports?: Record<string, unknown>;
	readonly dependencies?: Record<string, string>;
	readonly devDependencies?: Record<string, string>;
	readonly peerDependencies?: Record<string, string>;
	readonly optionalDependencies?: Record<string, string>;
	readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

export interface Import {
	/** Where it stands, relative to the repository. */
	readonly file: string;
	readonly specifier: string;
	/** Whether it leads out of the `src` it stands in. */
	readonly leaves: boolean;
}

export interface Member {
	/** Relative to the repository: `packages/core`. */
	readonly directory: string;
	readonly manifest: Manifest;
	readonly imports: readonly Import[];
}

/** Every package and app, with every import in its `src`. */
export function readWorkspace(): Member[] {
	return ['packages', 'apps']
		.flatMap((parent) => readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`))
		.filter((directory) => existsSync(path.join(root, directory, 'package.json')))
		.map((directory) => ({
			directory,
			manifest: JSON.parse(read(`${directory}/package.json`)) as Manifest,
			imports: sourcesOf(`${directory}/src`).flatMap((file) => importsOf(file, read(file))),
		}));
}

/** Every module a text names: by `import`, `import type`, `export from`, `import()` and `require()`. */
export function importsOf(file: string, text: string): Import[] {
	const [parent = '', name = ''] = file.split('/');
	return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName: specifier }) => {
		const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : file;
		return { file, specifier, leaves: !target.startsWith(`${parent}/${name}/src/`) };
	});
}

function sourcesOf(directory: string): string[] {
	if (!existsSync(path.join(root, directory))) return [];
	return readdirSync(path.join(root, directory), { recursive: true, encoding: 'utf8' })
		.filter((file) => /\.[cm]?[jt]sx?$/.test(file))
		.map((file) => `${directory}/${file.split(path.sep).join('/')}`);
}

function read(file: string): string {
	return readFileSync(path.join(root, file), 'utf8');
}
