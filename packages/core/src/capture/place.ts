import { describe, type Source } from './describe.js';
import { positionOf, type Script } from './script.js';

/** `name` (file:line:column), for messages. */
export function placeOf(fn: object): string {
	const name = `\`${(fn as { name?: unknown }).name || '(anonymous)'}\``;
	try {
		const description = describe(fn);
		if (description.type === 'bound' || description.type === 'native') return name;
		const { url, line, column } = description.template;
		return `${name} (${shortUrl(url)}:${line + 1}:${column + 1})`;
	} catch {
		return name; // the call that sends it will say what is wrong
	}
}

/** file:line:column of an offset in a script. */
export function placeIn(script: Script, offset: number): string {
	const { line, column } = positionOf(script, offset);
	return `${shortUrl(script.url)}:${line + 1}:${column + 1}`;
}

/** Where a captured variable is declared. */
export function declarationOf({ script, found }: Source, at: number | undefined): string {
	return at === undefined || found === null ? '' : placeIn(script, at);
}

function shortUrl(url: string): string {
	const here = `file://${process.cwd()}/`;
	return url.startsWith(here) ? url.slice(here.length) : url.replace(/^file:\/\//, '');
}
