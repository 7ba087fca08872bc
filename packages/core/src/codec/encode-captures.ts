import { builtinPath } from '../capture/builtin.js';
import type { Source } from '../capture/describe.js';
import { readVariables } from '../capture/inspector.js';
import { isDivisible, type Members } from '../capture/members.js';
import { declarationOf } from '../capture/place.js';
import { reachesShareable } from '../capture/reach.js';
import { isLoadableName } from '../capture/script.js';
import type { Capture } from '../capture/shape.js';
import { divide, isFixed, isLive, type Reading, refuseUninitialised } from '../capture/values.js';
import { packageExport } from '../packages.js';
import type { GraphContext } from './context.js';
import { define } from './define.js';
import type { Special } from './payload.js';
import { isShareable } from './shareable.js';

/** The index of a captured variable's value; a variable that several functions share and assign has one index. */
export function captureCell(
	context: GraphContext,
	user: number,
	fn: object,
	description: Source,
	reading: Reading,
): number {
	const { capture } = reading;
	const shared = capture.constant ? undefined : sharedKey(context, fn, description, capture);
	return context.trail.uses(capture.name, declarationOf(description, capture.variable?.at), () => {
		refuseUninitialised(reading);
		const special = asModule(context, description, reading);
		if (special !== undefined) {
			const cell = context.cells.push(undefined) - 1;
			context.patches.push([context.cells, cell, context.specials.push(special) - 1]);
			return cell;
		}
		if (isLive(capture) && !isFixed(reading.value)) context.constant = false;
		const put = (cell: number) => putUsed(context, context.cells, cell, reading.value, capture.members);
		return cellFor(context, user, shared, put);
	});
}

function isWhole(value: object): boolean {
	return isShareable(value) || builtinPath(value) !== undefined;
}

/** The index of a variable's value, which `put` places there; `shared` is what functions that share it have in common. */
export function cellFor(
	context: GraphContext,
	user: number,
	shared: object | string | undefined,
	put: (cell: number) => void,
): number {
	if (shared !== undefined) context.constant = false;
	const known = shared === undefined ? undefined : context.sharedCells.get(shared);
	const cell = known ?? context.cells.push(undefined) - 1;
	if (known === undefined) context.cellUsers[cell] = [];
	context.cellUsers[cell]?.push(user);
	if (shared !== undefined) context.sharedCells.set(shared, cell);
	// Also where it is known: this function may use more members of the value than the ones before.
	put(cell);
	return cell;
}

/**
 * Places the members of an object that are used, and nothing else of it. All functions of a payload have the same
 * part of the same object, so that they see each other's changes; where one uses the whole, it is the whole.
 */
function putUsed(
	context: GraphContext,
	holder: object,
	key: string | number,
	value: unknown,
	members: Members | null,
): void {
	if (members === null || !isDivisible(value, members) || isWhole(value))
		return context.put(holder, key, value);
	const part = context.part(value);
	if (part === undefined) return context.put(holder, key, value);
	context.constant = false;
	define(holder, key, part);
	for (const [name, inner] of members.children) {
		context.trail.into(name, () => putUsed(context, part, name, value[name], inner));
	}
}

/** An import crosses as such where the other side can import it, and so does a CommonJS module's `require`. */
function asModule(
	context: GraphContext,
	{ script }: Source,
	{ capture, value }: Reading,
): Special | undefined {
	if (capture.variable === undefined && capture.name === 'require' && typeof value === 'function') {
		return { type: 'require', url: script.url };
	}
	if (capture.name === viteImport) return { type: 'importer', url: script.url };
	const from = capture.variable?.from;
	if (from === undefined || !from.plain || isShareable(value)) return undefined;
	if (typeof value === 'function' && packageExport(value) !== undefined) return undefined;
	const isBuiltin =
		from.specifier.startsWith('node:') || process.getBuiltinModule(from.specifier) !== undefined;
	if (!isBuiltin && !(script.loadable && isImportable(from.specifier))) return undefined;
	const used = capture.members === null ? value : divide(value, capture.members, isWhole);
	if (!isBuiltin && reachesShareable(used)) return undefined;
	// An entry runs once: what it exports is not there to be imported.
	const request = { specifier: from.specifier, parent: script.url };
	context.needsModule(request);
	return { type: 'import', name: from.imported, ...request };
}

const viteImport = '__vite_ssr_dynamic_import__';

/** Packages, and files that Node loads by itself. */
function isImportable(specifier: string): boolean {
	return !/^(\.|\/|file:)/.test(specifier) || isLoadableName(specifier);
}

/** What tells a variable from another of the same name: its scope, and which run of the function around it. */
function sharedKey(
	context: GraphContext,
	fn: object,
	{ script, found }: Source,
	{ name, variable }: Capture,
): string | undefined {
	if (variable === undefined) return undefined;
	const { scope } = variable;
	if (scope.kind === 'program') return `${script.id}:${name}`;
	const names = [...scope.variables.keys()];
	const values = readVariables(fn, names).map((binding) =>
		binding.state === 'value' ? binding.value : binding.state,
	);
	const runs = context.scopeTokens.get(scope) ?? [];
	context.scopeTokens.set(scope, runs);
	const isDirect = found.scope === scope;
	// The same function made twice directly in a scope tells two runs apart also where all values are equal.
	let run = runs.find(
		({ values: others, made }) =>
			others.every((value, at) => Object.is(value, values[at])) &&
			(!isDirect || (made.get(found) ?? fn) === fn),
	);
	if (run === undefined) {
		run = { values, token: `${script.id}:${scope.start}:${runs.length}`, made: new Map() };
		runs.push(run);
	}
	if (isDirect) run.made.set(found, fn);
	return `${run.token}:${name}`;
}
