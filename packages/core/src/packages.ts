import { createRequire } from 'node:module';
import { realm } from './realm.js';

type Exports = Record<string, unknown>;

interface Package {
	exports?: Exports;
	/** Its text, which may be read only now; of one that is never sent there is none. */
	text(): string;
}

/** Where an export of a @conc package is found on the other side. */
export interface PackageExport {
	readonly package: string;
	readonly name: string;
}

const packages = () => realm('packages', () => new Map<string, Package>());
const exported = () => realm('package exports', () => new WeakMap<object, PackageExport>());

/**
 * Makes a @conc package known in this thread: its exports cross by name, and its text is what the other side
 * evaluates. The build calls this at the end of every package, so that a bundled app has the texts too.
 */
export function definePackage(name: string, exports: Exports, text: string): void {
	const known = packages().get(name);
	if (known === undefined) packages().set(name, { exports, text: () => text });
	else known.exports ??= exports;
	for (const [key, value] of Object.entries(exports)) {
		// What one package passes on belongs to the one that made it, which was defined first.
		if (typeof value !== 'function' || exported().has(value)) continue;
		exported().set(value, { package: name, name: key });
	}
}

/** The export of a @conc package that a function or class is. */
export function packageExport(value: object): PackageExport | undefined {
	return exported().get(value);
}

/** How many packages are known: it only grows. */
export function packageCount(): number {
	return packages().size;
}

/** Of all packages known here. */
export function packageNames(): string[] {
	return [...packages().keys()];
}

/** The texts of these packages, for a thread or process that is about to use them. */
export function packageTexts(names: readonly string[]): Record<string, string> {
	return Object.fromEntries(names.map((name) => [name, packages().get(name)?.text() ?? '']));
}

/** Takes over the texts a parent sent, none of which is read before it is needed. */
export function addPackageTexts(texts: Record<string, string>): void {
	for (const name of Object.keys(texts)) {
		if (!packages().has(name)) packages().set(name, { text: () => texts[name] as string });
	}
}

/** The exports of a @conc package in this thread, evaluating its text the first time. */
export function loadPackage(name: string): Exports {
	const found = packages().get(name);
	if (found === undefined) throw new Error(`${name} is not known in this thread`);
	found.exports ??= evaluate(name, found.text());
	return found.exports;
}

function evaluate(name: string, text: string): Exports {
	const module = { exports: {} as Exports };
	const builtin = createRequire(`${process.cwd()}/`);
	const require = (specifier: string) =>
		specifier.startsWith('@conc/') ? loadPackage(specifier) : builtin(specifier);
	const { compileFunction } = builtin('node:vm') as typeof import('node:vm');
	const run = compileFunction(text, ['module', 'exports', 'require'], { filename: `${name}/far.cjs` });
	run(module, module.exports, require);
	return module.exports;
}
