import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { type ModuleRequest, moduleKey } from '../codec/payload.js';
import { realm } from '../realm.js';
import { mainLoader } from './compile.js';

type Namespace = Record<string, unknown>;

const loaded = () => realm('modules', () => new Map<string, Namespace>());

/** The modules that are being imported for calls just now. */
export const importing = () => realm('importing', () => new Set<ModuleRequest>());

/** Imports what a payload needs; undefined when all of it is here already. */
export function loadModules(
	requests: readonly ModuleRequest[],
	wantedBy: 'call' | 'result',
): Promise<void> | undefined {
	const missing = requests.filter((request) => !isLoaded(request));
	return missing.length === 0 ? undefined : loadEach(missing, wantedBy);
}

/** Whether a module was imported for a payload before. */
export function isLoaded(request: ModuleRequest): boolean {
	return loaded().has(moduleKey(request));
}

async function loadEach(requests: readonly ModuleRequest[], wantedBy: 'call' | 'result'): Promise<void> {
	for (const request of requests) {
		if (wantedBy === 'call') importing().add(request);
		try {
			loaded().set(moduleKey(request), await importAs(request));
		} finally {
			importing().delete(request);
		}
	}
}

/** A module that `loadModules` has imported. */
export function moduleOf(request: ModuleRequest): Namespace {
	const found = loaded().get(moduleKey(request));
	if (found === undefined) throw new Error(`${request.specifier} was not imported before it was used`);
	return found;
}

function importAs({ specifier, parent }: ModuleRequest): Promise<Namespace> {
	const importers = realm('importers', () => new Map<string, (specifier: string) => Promise<Namespace>>());
	let importer = importers.get(parent);
	if (importer === undefined) {
		const script = new Script('(specifier) => import(specifier)', {
			filename: parent,
			importModuleDynamically: mainLoader(),
		});
		importer = script.runInThisContext() as (specifier: string) => Promise<Namespace>;
		importers.set(parent, importer);
	}
	return importer(specifier);
}

/** The `import()` of a file that vite transformed, which names files from the root of the project. */
export function importerOf(url: string): (specifier: string) => Promise<Namespace> {
	return (specifier) => {
		const fromRoot = resolve(`.${specifier}`);
		const isFromRoot = specifier.startsWith('/') && !existsSync(specifier) && existsSync(fromRoot);
		return importAs({ specifier: isFromRoot ? pathToFileURL(fromRoot).href : specifier, parent: url });
	};
}

/** The `require` of a CommonJS file. */
export function requireOf(url: string): NodeJS.Require {
	return createRequire(url);
}
