import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CannotCross } from '../errors.js';
import type { Description, Source } from './describe.js';
import { markOf } from './mark.js';
import { reachesShareable } from './reach.js';

/** An export of a module, as the other side will import it. */
export interface ExportReference {
	readonly module: string;
	/** `['default', 'helper']` for a member of what a CommonJS module exports. */
	readonly path: readonly string[];
}

/** How a function crosses, and why. */
export type Way =
	| { readonly by: 'reference'; readonly at: ExportReference; readonly why: string }
	| { readonly by: 'value'; readonly why: string };

/** Decides between the two ways for a function or class that has a source. */
export function wayOf(fn: object, description: Description): Way {
	const mark = markOf(fn);
	if (mark?.by === 'value') return { by: 'value', why: 'byValue was asked for' };
	if (mark?.by === 'reference' && mark.at !== undefined) {
		const at = { module: mark.at.module, path: [mark.at.export] };
		return { by: 'reference', at, why: 'byReference names its export' };
	}
	if (description.type !== 'source') return { by: 'value', why: 'it came from another thread' };
	const at = exportOf(fn, description);
	const hindrance = hindranceOf(description) ?? (at === undefined ? 'no module exports it' : undefined);
	if (mark?.by === 'reference') {
		if (at !== undefined && hindrance === undefined)
			return { by: 'reference', at, why: 'byReference was asked for' };
		throw new CannotCross(
			`was to go by reference, but ${hindrance}`,
			'export it from a module of its own, or name the export: byReference(fn, { module, export })',
		);
	}
	if (at === undefined || hindrance !== undefined)
		return { by: 'value', why: hindrance ?? 'no module exports it' };
	if (reachesShareable(fn))
		return { by: 'value', why: 'it uses something shared, which must be the same on both sides' };
	return { by: 'reference', at, why: 'a module exports it' };
}

function hindranceOf({ script }: Source): string | undefined {
	if (script.isEntry) return 'it stands in the entry of the program, which never runs a second time';
	if (script.url === '') return 'its code has no file';
	if (!script.loadable) return 'what runs is not what Node would load from its file';
	return undefined;
}

function exportOf(fn: object, { script, found }: Source): ExportReference | undefined {
	if (found?.scope.kind !== 'program' || !script.url.startsWith('file:')) return undefined;
	if (!script.isModule) return commonJsExportOf(fn, script.url);
	const { exports = new Map(), program } = script.analysis ?? {};
	for (const [name, local] of exports) {
		if (typeof local !== 'string') {
			if (local === found.node) return { module: script.url, path: [name] };
			continue;
		}
		const variable = program?.variables.get(local);
		if (variable?.declaredAs === found.node && !variable.assigned)
			return { module: script.url, path: [name] };
	}
	return undefined;
}

function commonJsExportOf(fn: object, url: string): ExportReference | undefined {
	const exports: unknown = createRequire(url).cache[fileURLToPath(url)]?.exports;
	if (exports === fn) return { module: url, path: ['default'] };
	if (typeof exports !== 'object' || exports === null) return undefined;
	for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
		if (value === fn) return { module: url, path: ['default', name] };
	}
	return undefined;
}
