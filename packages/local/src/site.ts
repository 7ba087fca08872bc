import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Where a Local was made, as far as that tells it from another of its name. */
export interface Site {
	/** The module as it was loaded; empty where it has no file, as what is typed at a prompt. */
	readonly url: string;
	readonly line: number;
	readonly column: number;
	/** What `require` made of the file, which is another object once it was loaded again. */
	readonly module: WeakRef<NodeJS.Module> | undefined;
	/** For messages: a line of a stack, in the file that was written where a source map leads there. */
	readonly shown: string;
}

type Made = (abstract new (...args: never[]) => unknown) | ((...args: never[]) => unknown);
type Formatter = typeof Error.prepareStackTrace;

/** Where one of `made` was called, the outermost that was: the constructor of a subclass need not show. */
export function siteOf(...made: readonly Made[]): Site {
	const [site = NOWHERE] = made.map(siteBelow).filter(({ line }) => line > 0);
	return site;
}

const NOWHERE: Site = { url: '', line: 0, column: 0, module: undefined, shown: 'an unknown place' };

function siteBelow(made: Made): Site {
	const [frame] = withFormatter(
		(_, frames) => frames,
		() => (stackBelow(made) ?? []) as NodeJS.CallSite[],
	);
	const url = frame?.getFileName() ?? '';
	return {
		url: isFile(url) ? url : '',
		line: frame?.getLineNumber() ?? 0,
		column: frame?.getColumnNumber() ?? 0,
		module: isFile(url) ? required(url) : undefined,
		shown: shownBelow(made),
	};
}

/**
 * Whether two Locals were made by the same piece of code, which was then loaded twice: in another copy of a package, or
 * again after an edit. Where that cannot be told they count as the same.
 */
export function isSameSite(one: Site, other: Site): boolean {
	if (one.url === '' || other.url === '') return true;
	const [path, otherPath] = [pathOf(one.url), pathOf(other.url)];
	if (path === otherPath) return isLoadedAgain(one, other);
	const [inPackage, inOther] = [withinPackage(path), withinPackage(otherPath)];
	if (inPackage === undefined || inOther === undefined) return false;
	// Of another version, it may stand in another place.
	const isInstalledTwice = inPackage.root !== inOther.root && inPackage.name === inOther.name;
	return isInstalledTwice || (inPackage.file === inOther.file && isSamePosition(one, other));
}

/** Whether the same code made both. */
export function isSamePlace(one: Site, other: Site): boolean {
	return one.url === other.url && isSamePosition(one, other);
}

function isSamePosition(one: Site, other: Site): boolean {
	return one.line === other.line && one.column === other.column;
}

/** Whether the one file was loaded twice; else the same code ran twice, or two pieces of it. */
function isLoadedAgain(one: Site, other: Site): boolean {
	if (one.url !== other.url) return true; // with a query, or once by `import` and once by `require`
	if (one.url.startsWith('file:')) return false; // Node loads a URL once
	const [former, latter] = [one.module?.deref(), other.module?.deref()];
	// Other loaders, such as Vite's, load a path again, and tell nobody.
	return former === undefined && latter === undefined ? isSamePlace(one, other) : former !== latter;
}

function required(url: string): WeakRef<NodeJS.Module> | undefined {
	if (url.startsWith('file:')) return undefined;
	const module = createRequire(url).cache[url];
	return module && new WeakRef(module);
}

const FRAME = /^\s+at (?:.* \()?(.*?)\)?$/;

function shownBelow(made: Made): string {
	const [, line = ''] = String(stackBelow(made)).split('\n');
	return FRAME.exec(line)?.[1] ?? 'an unknown place';
}

function stackBelow(made: Made): unknown {
	const holder: { stack?: unknown } = {};
	const { stackTraceLimit } = Error;
	Error.stackTraceLimit = 1;
	try {
		Error.captureStackTrace(holder, made);
		return holder.stack;
	} finally {
		Error.stackTraceLimit = stackTraceLimit;
	}
}

/** A stack is made with the formatter of the moment. */
function withFormatter<T>(formatter: Formatter, read: () => T): T {
	const { prepareStackTrace } = Error;
	Error.prepareStackTrace = formatter;
	try {
		return read();
	} finally {
		Error.prepareStackTrace = prepareStackTrace;
	}
}

function isFile(url: string): boolean {
	return url.startsWith('file:') || url.startsWith('/') || /^[A-Za-z]:[\\/]/.test(url);
}

/** Without the query by which a module is loaded again, and the same for `import` and `require`. */
function pathOf(url: string): string {
	const isUrl = url.startsWith('file:');
	// Loaders such as Vite's ask for paths with a query; a `#` may well be part of one.
	const plain = url.replace(isUrl ? /[?#].*$/ : /\?.*$/, '');
	return (isUrl ? fileURLToPath(plain) : plain).replaceAll('\\', '/');
}

interface InPackage {
	/** Where it is installed. */
	readonly root: string;
	readonly name: string;
	readonly file: string;
}

function withinPackage(path: string): InPackage | undefined {
	const at = path.lastIndexOf('/node_modules/');
	if (at === -1) return undefined;
	const file = path.slice(at + '/node_modules/'.length);
	const name = /^(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '';
	return { root: path.slice(0, at), name, file };
}
