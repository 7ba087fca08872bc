import { pathToFileURL } from 'node:url';
import { readVariables } from './inspector.js';

/** The file a `require` function stands for, of a CommonJS module or made by `createRequire`. */
export function requiringFile(fn: object): string | undefined {
	if (!('resolve' in fn && 'cache' in fn && 'extensions' in fn)) return undefined;
	const [binding] = readVariables(fn, ['mod']);
	const module =
		binding?.state === 'value' ? (binding.value as { filename?: unknown } | undefined) : undefined;
	return typeof module?.filename === 'string' ? pathToFileURL(module.filename).href : undefined;
}
