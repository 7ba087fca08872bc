import { fileURLToPath } from 'node:url';

/** Where a Local was made, as far as that tells it from another of its name. */
export interface Site {
	/** The module as it was loaded; empty where it has no file, as what is typed at a prompt. */
	readonly url: string;
	readonly line: number;
	readonly column: number;
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

const NOWHERE: Site = { url: '', line: 0, column: 0, shown: 'an unknown place' };

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
	const isSamePlace = one.line === other.line && one.column === other.column;
	if (path === otherPath) return isSamePlace || one.url !== other.url;
	const [inPackage, inOther] = [withinPackage(path), withinPackage(otherPath)];
	if (inPackage === undefined || inOther === undefined) return false;
	// Of another version, it may stand in another place.
	const isInstalledTwice = inPackage.root !== inOther.root && inPackage.name === inOther.name;
	return isInstalledTwice || (inPackage.file === inOther.file && isSamePlace);
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
