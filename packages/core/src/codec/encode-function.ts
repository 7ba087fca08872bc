import type { Transferable } from 'node:worker_threads';
import { builtinPath } from '../capture/builtin.js';
import { type Capture, type Description, describe, type Source } from '../capture/describe.js';
import { readVariables } from '../capture/inspector.js';
import { declarationOf, placeOf } from '../capture/place.js';
import { wayOf } from '../capture/reference.js';
import type { Scope } from '../capture/scope.js';
import { isLoadableName } from '../capture/script.js';
import type { Template } from '../capture/template.js';
import { divide, type Reading, readCaptures, refuseUninitialised } from '../capture/values.js';
import { reachesShareable } from '../capture/reach.js';
import { CannotCross } from '../errors.js';
import { packageExport } from '../packages.js';
import { realm } from '../realm.js';
import { identityOf } from './identity.js';
import type { Graph, ModuleRequest, Special } from './payload.js';
import { isShareable, type Medium } from './shareable.js';
import type { Trail } from './trail.js';

/** What the parts of the encoder share while one value is encoded. */
export interface GraphContext {
	readonly to: Medium;
	readonly trail: Trail;
	readonly lenient: boolean;
	readonly specials: Special[];
	readonly patches: Graph['patches'];
	readonly cells: unknown[];
	/** For each cell the functions that capture it. */
	readonly cellUsers: number[][];
	readonly moved: Transferable[];
	readonly signals: AbortSignal[];
	readonly sharedCells: Map<object | string, number>;
	readonly scopeTokens: Map<Scope, { values: unknown[]; token: string }[]>;
	constant: boolean;
	put(holder: object, key: string | number, value: unknown): void;
	special(value: unknown): number;
	reserve(original: object | symbol): number;
	copied(original: object, copy: object): void;
	needsTemplate(template: Template): void;
	needsModule(request: ModuleRequest): void;
	patchRange(visit: () => void): [number, number];
	/** A function that takes back everything added since. */
	checkpoint(): () => void;
}

/** Decides how a function or class crosses and describes it; its captured variables follow. */
export function replaceFunction(context: GraphContext, fn: object): number {
	const known = packageExport(fn);
	if (known !== undefined) return add(context, fn, { type: 'package', ...known });
	const builtin = builtinPath(fn);
	if (builtin !== undefined) return add(context, fn, { type: 'builtin', ...builtin });
	const description = describe(fn);
	if (description.type === 'native') {
		throw new CannotCross('is a native function that no module of Node has by name', 'wrap it in a function of your own');
	}
	if (description.type === 'bound') return replaceBound(context, fn, description);
	const way = wayOf(fn, description);
	if (way.by === 'reference') {
		context.needsModule({ specifier: way.at.module, parent: way.at.module });
		return add(context, fn, { type: 'export', ...way.at });
	}
	return replaceByValue(context, fn, description);
}

function add(context: GraphContext, original: object, special: Special): number {
	const index = context.reserve(original);
	context.specials[index] = special;
	return index;
}

function replaceBound(context: GraphContext, fn: object, bound: Description & { type: 'bound' }): number {
	const index = context.reserve(fn);
	const self: unknown[] = [];
	const args: unknown[] = [];
	let target = -1;
	const needs = context.patchRange(() => {
		target = context.special(bound.target);
		context.trail.into('[[BoundThis]]', () => context.put(self, 0, bound.self));
		for (const [at, arg] of bound.args.entries()) {
			context.trail.into('[[BoundArgs]]', () => context.trail.into(at, () => context.put(args, at, arg)));
		}
	});
	context.specials[index] = { type: 'bound', target, self, args, needs };
	return index;
}

function replaceByValue(context: GraphContext, fn: object, description: Exclude<Description, { type: 'native' | 'bound' }>): number {
	const index = context.reserve(fn);
	const { template } = description;
	context.needsTemplate(template);
	const cells: number[] = [];
	const assigned: boolean[] = [];
	const own: Record<string, unknown> = {};
	const prototype: Record<string, unknown> = {};
	const name = String(Object.getOwnPropertyDescriptor(fn, 'name')?.value ?? '');
	context.specials[index] = {
		type: 'function',
		id: identityOf(fn),
		template: template.id,
		name,
		cells,
		assigned,
		own,
		prototype,
	};
	if (description.type === 'revived') {
		const values = description.revived.read();
		for (const [at, cell] of description.revived.cells.entries()) {
			assigned.push(cell.assigned);
			const label = template.names[at] as string;
			cells.push(cellFor(context, index, cell.assigned ? cell : undefined, label, values[at]));
		}
	} else {
		for (const reading of readCaptures(fn, description)) {
			assigned.push(!reading.capture.constant);
			cells.push(captureCell(context, index, fn, description, reading));
		}
		warnLostWrites(fn, description);
	}
	for (const key of Object.keys(fn)) {
		if (!template.kept.includes(key)) putOwn(context, own, key, Reflect.get(fn, key));
	}
	if (template.kind === 'function') {
		const methods = (fn as { prototype?: object }).prototype ?? {};
		for (const key of Object.keys(methods)) putOwn(context, prototype, key, Reflect.get(methods, key));
	}
	return index;
}

function putOwn(context: GraphContext, holder: object, key: string, value: unknown): void {
	context.constant = false;
	context.trail.into(key, () => context.put(holder, key, value));
}

/** The index of a captured variable's value; a variable that several functions share and assign has one index. */
function captureCell(context: GraphContext, user: number, fn: object, description: Source, reading: Reading): number {
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
		const { members } = capture;
		const value = members === null ? reading.value : divide(reading.value, members, (whole) => isWhole(whole));
		return cellFor(context, user, shared, capture.name, value, true);
	});
}

function isWhole(value: object): boolean {
	return isShareable(value) || builtinPath(value) !== undefined;
}

function cellFor(
	context: GraphContext,
	user: number,
	shared: object | string | undefined,
	name: string,
	value: unknown,
	named = false,
): number {
	if (shared !== undefined) {
		context.constant = false;
		const known = context.sharedCells.get(shared);
		if (known !== undefined) {
			context.cellUsers[known]?.push(user);
			return known;
		}
	}
	const cell = context.cells.push(undefined) - 1;
	context.cellUsers[cell] = [user];
	if (shared !== undefined) context.sharedCells.set(shared, cell);
	if (named) context.put(context.cells, cell, value);
	else context.trail.uses(name, '', () => context.put(context.cells, cell, value));
	return cell;
}

/** An import crosses as such where the other side can import it, and so does a CommonJS module's `require`. */
function asModule(context: GraphContext, { script }: Source, { capture, value }: Reading): Special | undefined {
	if (capture.variable === undefined && capture.name === 'require' && typeof value === 'function') {
		return { type: 'require', url: script.url };
	}
	const from = capture.variable?.from;
	if (from === undefined || !from.plain || isShareable(value)) return undefined;
	if (typeof value === 'function' && packageExport(value) !== undefined) return undefined;
	const isBuiltin = from.specifier.startsWith('node:') || process.getBuiltinModule(from.specifier) !== undefined;
	if (!isBuiltin && !(script.loadable && isImportable(from.specifier))) return undefined;
	const used = capture.members === null ? value : divide(value, capture.members, isWhole);
	if (!isBuiltin && reachesShareable(used)) return undefined;
	// An entry runs once: what it exports is not there to be imported.
	const request = { specifier: from.specifier, parent: script.url };
	context.needsModule(request);
	return { type: 'import', name: from.imported, ...request };
}

/** Packages, and files that Node loads by itself. */
function isImportable(specifier: string): boolean {
	return !/^(\.|\/|file:)/.test(specifier) || isLoadableName(specifier);
}

/** What tells a variable from another of the same name: its scope, and which run of the function around it. */
function sharedKey(context: GraphContext, fn: object, { script }: Source, { name, variable }: Capture): string | undefined {
	if (variable === undefined) return undefined;
	const { scope } = variable;
	if (scope.kind === 'program') return `${script.id}:${name}`;
	const names = [...scope.variables.keys()];
	const values = readVariables(fn, names).map((binding) => (binding.state === 'value' ? binding.value : binding.state));
	const tokens = context.scopeTokens.get(scope) ?? [];
	context.scopeTokens.set(scope, tokens);
	let same = tokens.find((one) => one.values.every((value, at) => Object.is(value, values[at])));
	if (same === undefined) tokens.push((same = { values, token: `${script.id}:${scope.start}:${tokens.length}` }));
	return `${same.token}:${name}`;
}

function warnLostWrites(fn: object, { captures, template }: Source): void {
	const written = captures.filter((capture) => capture.written);
	if (written.length === 0) return;
	const warned = realm('warned of lost writes', () => new Set<string>());
	if (warned.has(template.id)) return;
	warned.add(template.id);
	const names = written.map(({ name }) => `\`${name}\``).join(', ');
	process.emitWarning(
		`${placeOf(fn)} assigns to ${names}, which it captures: the new value stays on the far side. ` +
			'Return it, or use a SharedValue.',
		{ code: 'CONC_LOST_WRITE' },
	);
}
