import { constants, Script } from 'node:vm';
import { metaName, type Template } from '../capture/template.js';
import { realm } from '../realm.js';

/** Puts values into captured variables, and reads them back. */
export interface Binder {
	/** The function; a class is evaluated when this is first called. */
	make(): object;
	write(values: unknown[]): void;
	read(): unknown[];
}

type Factory = () => RawBinder[];
type RawBinder = [make: () => unknown, write: (values: unknown[]) => void, read: () => unknown[]];

/** How many compiled texts are kept; what is older is compiled again when it comes back. */
const KEPT = 1_000;

const factories = () => realm('compiled', () => new Map<string, Factory>());

/**
 * Makes the functions of these templates, their captured variables not yet set. `shared` names the variables that all
 * of them have in common. Stack traces show the place the text came from.
 */
export function instantiate(templates: readonly Template[], shared: readonly string[] = []): Binder[] {
	const key = templates.map(({ id }) => id).join() + (shared.length > 0 ? `:${shared.join()}` : '');
	const kept = factories();
	let factory = kept.get(key);
	if (factory === undefined) {
		factory = compile(templates, shared);
		kept.set(key, factory);
		if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
	}
	return factory().map(([make, write, read], at) => {
		const { kind } = templates[at] as Template;
		return { make: () => unwrap(make(), kind), write, read };
	});
}

function compile(templates: readonly Template[], shared: readonly string[]): Factory {
	const [first] = templates as readonly [Template];
	const declared = shared.length > 0 ? `let ${shared.join()};` : '';
	let text = `(function(){${first.strict ? '"use strict";' : ''}${declared}return[`;
	// Each text must come to stand on its own line and column; the offset of the script does that for the first.
	const before = wrap(first, shared).before;
	const columnOffset = first.column - (text.length + before.length);
	let line = first.line;
	let column = first.column;
	for (const [at, template] of templates.entries()) {
		const { before, after } = wrap(template, shared);
		if (at > 0) {
			const down = Math.max(0, template.line - line);
			text += '\n'.repeat(down);
			if (down > 0) column = 0;
			text += ' '.repeat(Math.max(0, template.column - column - before.length));
		}
		text += before + template.text + after;
		const lines = template.text.split('\n');
		line = Math.max(line, template.line) + lines.length;
		column = after.length;
	}
	text += ']})';
	const script = new Script(text, {
		filename: first.url,
		lineOffset: first.line,
		columnOffset,
		importModuleDynamically: mainLoader(),
	});
	return script.runInThisContext() as Factory;
}

/** What stands around one function: its own captured variables, and the way to write and read all of them. */
function wrap(
	{ kind, names, strict }: Template,
	shared: readonly string[],
): { before: string; after: string } {
	const own = names.filter((name) => !shared.includes(name));
	const values = freshName(names);
	const [open, close] = kind === 'method' || kind === 'getter' || kind === 'setter' ? ['{', '}'] : ['', ''];
	const directive = strict ? '"use strict";' : '';
	const before = `(function(){${directive}${own.length > 0 ? `let ${own.join()};` : ''}return[()=>(${open}`;
	const assignments = names.map((name, at) => `${name}=${values}[${at}];`).join('');
	// The text may end in a line comment, so what follows starts on a line of its own.
	const after = `\n${close}),${values}=>{${assignments}},()=>[${names.join()}]]})(),`;
	return { before, after };
}

function freshName(names: readonly string[]): string {
	let name = '$values';
	while (names.includes(name) || name === metaName) name += '$';
	return name;
}

/** A method comes as the only member of an object. */
function unwrap(made: unknown, kind: Template['kind']): object {
	if (kind !== 'method' && kind !== 'getter' && kind !== 'setter') return made as object;
	const [descriptor] = Object.values(Object.getOwnPropertyDescriptors(made as object));
	return (
		kind === 'getter' ? descriptor?.get : kind === 'setter' ? descriptor?.set : descriptor?.value
	) as object;
}

/** `import()` in compiled text resolves as in the file it came from. Its ExperimentalWarning, and no other, is muted. */
export function mainLoader() {
	realm('muted', mute);
	return constants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never;
}

function mute(): true {
	const { emitWarning } = process;
	process.emitWarning = (...args: unknown[]) => {
		const [warning, kind] = args;
		const isOurs =
			kind === 'ExperimentalWarning' && String(warning).includes('vm.USE_MAIN_CONTEXT_DEFAULT_LOADER');
		if (!isOurs) Reflect.apply(emitWarning, process, args);
	};
	return true;
}
