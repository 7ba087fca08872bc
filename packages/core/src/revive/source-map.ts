import { SourceMap, type SourceMapPayload } from 'node:module';
import { realm } from '../realm.js';

interface Known {
	/** The `data:` URL a transformer left in the script. */
	readonly inline: string;
	map?: SourceMap;
}

const maps = () => realm('source maps', () => new Map<string, Known>());

/** Keeps the source map of a transformed script for the stack traces of its functions. */
export function noteSourceMap(url: string, inline: string): void {
	if (!maps().has(url)) maps().set(url, { inline });
}

/** The inline source map of a script, where it has one. */
export function sourceMapOf(url: string): string | undefined {
	return maps().get(url)?.inline;
}

const frame = /(file:\/\/[^\s()]+?|\/[^\s()]+?):(\d+):(\d+)/g;

/** A stack in which frames of transformed scripts show the place in the file that was written. */
export function mapStack(stack: string): string {
	if (maps().size === 0) return stack;
	return stack.replace(frame, (whole, url: string, line: string, column: string) => {
		const map = decoded(url);
		const entry = map?.findEntry(Number(line) - 1, Number(column) - 1);
		if (entry === undefined || !('originalLine' in entry)) return whole;
		return `${url}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
	});
}

function decoded(url: string): SourceMap | undefined {
	const known = maps().get(url);
	if (known === undefined) return undefined;
	known.map ??= new SourceMap(parseInline(known.inline));
	return known.map;
}

function parseInline(inline: string): SourceMapPayload {
	const comma = inline.indexOf(',');
	const content = inline.slice(comma + 1);
	const isBase64 = inline.slice(0, comma).endsWith('base64');
	return JSON.parse(isBase64 ? Buffer.from(content, 'base64').toString() : decodeURIComponent(content));
}
