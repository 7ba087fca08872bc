import { fileURLToPath } from 'node:url';
import { originalPlace } from '../revive/source-map.js';
import { describe, type Source } from './describe.js';
import { positionOf, type Script } from './script.js';

/** `name` (file:line:column), for messages. */
export function placeOf(fn: object): string {
	const name = `\`${nameOf(fn)}\``;
	try {
		const description = describe(fn);
		if (description.type === 'bound' || description.type === 'native') return name;
		if (description.type === 'source')
			return `${name} (${placeIn(description.script, description.found.start)})`;
		const { url, line, column } = description.template;
		return `${name} (${placeAt(url, line, column)})`;
	} catch {
		return name; // the call that sends it will say what is wrong
	}
}

/** file:line:column of an offset in a script, in the file that was written. */
export function placeIn(script: Script, offset: number): string {
	const { line, column } = positionOf(script, offset);
	return placeAt(script.url, line, column);
}

/** Where a captured variable is declared. */
export function declarationOf({ script, isAlone }: Source, at: number | undefined): string {
	if (at === undefined || isAlone) return '';
	// What a transformer puts before the first line has no place in the file.
	return positionOf(script, at).column < 0 ? '' : placeIn(script, at);
}

function placeAt(url: string, line: number, column: number): string {
	const original = originalPlace(url, line, column);
	return `${shortUrl(original.url)}:${original.line + 1}:${original.column + 1}`;
}

function nameOf(fn: object): string {
	const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
	return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}

function shortUrl(url: string): string {
	const path = url.startsWith('file:') ? fileURLToPath(url) : url;
	const here = `${process.cwd()}/`;
	return path.startsWith(here) ? path.slice(here.length) : path;
}
