import { readFileSync, realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { realm } from '../realm.js';
import { noteSourceMap } from '../revive/source-map.js';
import { analyse } from './analyse.js';
import type { Analysis, FunctionNode } from './findings.js';
import { type Location, readScript, type ScriptRecord } from './inspector.js';
import { scriptOnDisk } from './on-disk.js';
import { parse } from './parse.js';

/** A script this thread runs, as the engine sees it. */
export interface Script extends ScriptRecord {
	readonly id: string;
	readonly source: string;
	/** The engine was not asked for the source. */
	readonly isFromDisk: boolean;
	/** Null when the file as a whole does not parse. */
	readonly analysis: Analysis | null;
	readonly lineStarts: readonly number[];
	/** Another thread that imports the URL runs this very source. */
	readonly loadable: boolean;
	/** The file the program was started with, which never runs a second time. */
	readonly isEntry: boolean;
}

const known = () => realm('parsed scripts', () => new Map<string, Script>());

/** The script that a function is of: its source, scopes and functions. Parsed once. */
export function scriptOf(fn: object, location: Location): Script {
	const id = location.scriptId;
	const script = known().get(id) ?? keep(load(id, scriptOnDisk(id)));
	// What is on disk need not be what runs, but for Node's own.
	if (!script.isFromDisk || script.source === '' || isAt(script, location, fn)) return script;
	return keep(load(id, null));
}

function keep(script: Script): Script {
	known().set(script.id, script);
	if (script.sourceMapUrl.startsWith('data:')) noteSourceMap(script.url, script.sourceMapUrl);
	return script;
}

function load(id: string, onDisk: ReturnType<typeof scriptOnDisk>): Script {
	const { record, source } = onDisk ?? readScript(id);
	const url = record.url;
	const asModule = parse(source, record.isModule);
	const program = asModule ?? parse(source, !record.isModule);
	return {
		...record,
		id,
		source,
		isFromDisk: onDisk !== null,
		analysis: program && analyse(program, source, record.isModule),
		lineStarts: lineStarts(source),
		loadable: onDisk === null ? runsFromDisk(url, source) : url.startsWith('file:'),
		isEntry: url === entryUrl(),
	};
}

/** Whether the text of a function is what a script has at its place. */
function isAt(script: Script, location: Location, fn: object): boolean {
	const found = functionAt(script, location);
	if (found === undefined) return false;
	const text = script.source.slice(offsetOf(script, location), found.end);
	return Function.prototype.toString.call(fn).endsWith(text);
}

/** The function the engine reports at this place of a script. */
export function functionAt(script: Script, location: Location): FunctionNode | undefined {
	return script.analysis?.functions.get(offsetOf(script, location));
}

function offsetOf(script: Script, location: Location): number {
	const line = location.line - script.startLine;
	const column = line === 0 ? location.column - script.startColumn : location.column;
	return (script.lineStarts[line] ?? 0) + column;
}

/** The same, as far as the script has been parsed already. */
export function knownFunctionAt(location: Location): FunctionNode | undefined {
	const script = known().get(location.scriptId);
	return script && functionAt(script, location);
}

/** The line and column of an offset in the file, as stack traces count them; from 0. */
export function positionOf(script: Script, offset: number): { line: number; column: number } {
	let line = script.lineStarts.findLastIndex((start) => start <= offset);
	let column = offset - (script.lineStarts[line] ?? 0);
	if (line === 0) column += script.startColumn;
	line += script.startLine;
	return { line, column };
}

/** The program's own entry; a worker is told its parent's. */
export const entryUrl = () =>
	realm('entry url', () => {
		const main = process.argv[1];
		if (main === undefined) return '';
		try {
			return pathToFileURL(realpathSync(main)).href;
		} catch {
			return '';
		}
	});

const plainExtensions = new Set(['.js', '.mjs', '.cjs']);
const typeExtensions = new Set(['.ts', '.mts', '.cts']);

/** Whether Node would load a file with this name in any worker. */
export function isLoadableName(specifier: string): boolean {
	const extension = extname(specifier.replace(/[?#].*$/, ''));
	return plainExtensions.has(extension) || (typeExtensions.has(extension) && stripsTypes());
}

function stripsTypes(): boolean {
	return (process.features as { typescript?: unknown }).typescript === 'strip';
}

/** Compares what runs with what is on disk: under a transformer (tsx, vitest) they differ. */
function runsFromDisk(url: string, source: string): boolean {
	if (!url.startsWith('file:') || !isLoadableName(url)) return false;
	let onDisk: string;
	try {
		onDisk = readFileSync(fileURLToPath(url), 'utf8');
	} catch {
		return false;
	}
	if (onDisk === source || onDisk.replace(/^#!.*/, '') === source) return true;
	if (!typeExtensions.has(extname(url)) || onDisk.length > source.length) return false;
	// Type stripping turns types into blanks and moves nothing.
	for (let at = 0; at < onDisk.length; at++) {
		if (onDisk[at] !== source[at] && source[at]?.trim() !== '' && source[at] !== ';') return false;
	}
	return true;
}

function lineStarts(source: string): number[] {
	const starts = [0];
	for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
	return starts;
}
