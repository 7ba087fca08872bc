import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hasRun } from '../capture/inspector.js';
import type { ModuleRequest } from '../codec/payload.js';
import { isLoaded } from './modules.js';

/** Whether a module has run in this thread already, or is Node's own: to import it runs no code of the user's. */
export function isPresent(request: ModuleRequest): boolean {
	if (isLoaded(request) || isBuiltin(request.specifier)) return true;
	const url = urlOf(request);
	return url !== undefined && (isRequired(url) || hasRun(url));
}

/** The engine may have forgotten of what is `require`d that it ran. */
function isRequired(url: string): boolean {
	if (!url.startsWith('file:')) return false;
	const path = fileURLToPath(url);
	return createRequire(path).cache[path] !== undefined;
}

/** Undefined where there is no such file, or only for `import`. */
function urlOf({ specifier, parent }: ModuleRequest): string | undefined {
	try {
		const base = isAbsolute(parent) ? pathToFileURL(parent).href : parent;
		const isAddress = /^\.{0,2}\/|^[a-z]+:/.test(specifier);
		if (isAddress) return new URL(specifier, base).href;
		return pathToFileURL(createRequire(parent).resolve(specifier)).href;
	} catch {
		return undefined;
	}
}
