import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadedScript, type ScriptRecord } from './inspector.js';

/**
 * A script as it is on disk, where that is most likely what runs: the debugger, which knows, takes long to ask. Null where
 * it is not, or where it cannot be told whether it is a module.
 */
export function scriptOnDisk(scriptId: string): { record: ScriptRecord; source: string } | null {
	const loaded = loadedScript(scriptId);
	if (loaded === undefined) return null;
	const { url, length } = loaded;
	const record = { url, startLine: 0, startColumn: 0, isModule: false, sourceMapUrl: '' };
	if (url.startsWith('node:')) return { record, source: '' };
	try {
		if (!url.startsWith('file:')) return null;
		const path = fileURLToPath(url);
		if (statSync(path).ctimeMs >= performance.timeOrigin) return null; // it may have been loaded before that
		const source = readFileSync(path, 'utf8');
		if (source.startsWith('\ufeff') || length !== source.length) return null;
		const isModule = isModuleAt(path, source);
		if (isModule === null) return null;
		return { record: { ...record, isModule, sourceMapUrl: sourceMapUrlOf(source) }, source };
	} catch {
		return null;
	}
}

/** Null where it cannot be told, and for what Node does not run as it is. */
function isModuleAt(path: string, source: string): boolean | null {
	switch (extname(path)) {
		case '.mjs':
			return true;
		case '.cjs':
			return false;
		case '.js': {
			// A program may take things out of the cache, and later versions keep required modules there as well.
			const isRequired = path in createRequire(path).cache;
			return moduleSyntax.test(source) === isRequired ? null : !isRequired;
		}
		default:
			return null;
	}
}

const moduleSyntax = /^\s*(import|export)\b|\bimport\.meta\b/m;

function sourceMapUrlOf(source: string): string {
	return [...source.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1] ?? '';
}
