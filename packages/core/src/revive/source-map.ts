import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename } from 'node:path';
import { realm } from '../realm.js';

interface Known {
	/** The `data:` URL a transformer left in the script. */
	readonly inline: string;
	/** Null where it cannot be read. */
	map?: SourceMap | null;
}

/** A place in a file; lines and columns count from 0. */
interface Place {
	readonly url: string;
	readonly line: number;
	readonly column: number;
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

/** The place in the file that was written; the given one where nothing was transformed. */
export function originalPlace(url: string, line: number, column: number): Place {
	const entry = decoded(url)?.findEntry(line, column);
	if (entry === undefined || !('originalLine' in entry)) return { url, line, column };
	const { originalSource, originalLine, originalColumn } = entry;
	return { url: sourceUrl(url, originalSource), line: originalLine, column: originalColumn };
}

const frame = /(file:\/\/[^\s()]+?|\/[^\s()]+?):(\d+):(\d+)/g;

/** A stack in which frames of transformed scripts show the place in the file that was written. */
export function mapStack(stack: string): string {
	if (maps().size === 0) return stack;
	return stack.replace(frame, (whole, url: string, line: string, column: string) => {
		if (!maps().has(url)) return whole;
		const original = originalPlace(url, Number(line) - 1, Number(column) - 1);
		return `${original.url}:${original.line + 1}:${original.column + 1}`;
	});
}

/** A transformer names the very file it read; a bundler one of many. */
function sourceUrl(url: string, source: string): string {
	if (source === '' || basename(source) === basename(url)) return url;
	try {
		return new URL(source, url.startsWith('/') ? `file://${url}` : url).href;
	} catch {
		return url;
	}
}

function decoded(url: string): SourceMap | null {
	const known = maps().get(url);
	if (known === undefined) return null;
	if (known.map === undefined) known.map = parseInline(known.inline);
	return known.map;
}

function parseInline(inline: string): SourceMap | null {
	const comma = inline.indexOf(',');
	const content = inline.slice(comma + 1);
	const isBase64 = inline.slice(0, comma).endsWith('base64');
	try {
		const text = isBase64 ? Buffer.from(content, 'base64').toString() : decodeURIComponent(content);
		return new SourceMap(JSON.parse(text) as SourceMapPayload);
	} catch {
		return null; // a broken map is no reason to break a call
	}
}
