import { types } from 'node:util';
import { CannotCross } from '../errors.js';
import { realm } from '../realm.js';
import { type Revived, revivedOf } from '../revive/revived.js';
import { analyse, type FunctionNode, type Reference } from './analyse.js';
import { type ClassParts, classParts, type Span } from './class.js';
import { inspect, type Location, readVariables } from './inspector.js';
import { type Members, membersOf } from './members.js';
import { parse } from './parse.js';
import { placeIn } from './place.js';
import type { Scope, Variable } from './scope.js';
import { functionAt, knownFunctionAt, type Script, scriptOf } from './script.js';
import { importMeta, makeTemplate, metaName, type Template } from './template.js';

/** One captured variable of a function. */
export interface Capture {
	readonly name: string;
	/** Nothing gives it a new value, so one reading is enough. */
	readonly constant: boolean;
	/** Only these members of it are used; null when it is used as a whole. */
	readonly members: Members | null;
	/** Some code of the function itself gives it a new value. */
	readonly written: boolean;
	/** Absent for what stands outside the text, as the `require` of a CommonJS module. */
	readonly variable?: Variable;
}

/** What a function is made of; nothing in it changes while the function lives. */
export type Description =
	| { readonly type: 'native' }
	| { readonly type: 'bound'; readonly target: object; readonly self: unknown; readonly args: unknown[] }
	| { readonly type: 'revived'; readonly template: Template; readonly revived: Revived }
	| Source;

export interface Source {
	readonly type: 'source';
	readonly template: Template;
	readonly script: Script;
	/** Null where the script does not parse as a whole. */
	readonly found: FunctionNode | null;
	readonly captures: readonly Capture[];
	/** The values of constant captures that have been read. */
	readonly read: Map<string, unknown>;
}

const described = () => realm('descriptions', () => new WeakMap<object, Description>());

/** What a function or class is made of. Costs an inspector round trip the first time. */
export function describe(fn: object): Description {
	let description = described().get(fn);
	if (description === undefined) described().set(fn, (description = look(fn)));
	return description;
}

function look(fn: object): Description {
	if (types.isProxy(fn)) {
		throw new CannotCross('is a Proxy, whose handler cannot be seen', 'send the function behind the Proxy');
	}
	const revived = revivedOf(fn);
	if (revived !== undefined) return { type: 'revived', template: revived.template, revived };
	const early = new Map<string, unknown>();
	let constants: readonly string[] = [];
	const { location, bound } = inspect(
		fn,
		(location) => (constants = constantNames(location)),
		(bindings) => {
			for (const [at, binding] of bindings.entries()) {
				if (binding.state === 'value' && binding.value !== undefined) early.set(constants[at] as string, binding.value);
			}
		},
	);
	if (bound !== undefined) return { type: 'bound', ...bound };
	if (location === undefined) return { type: 'native' };
	const script = scriptOf(location.scriptId);
	if (script.url.startsWith('node:')) return { type: 'native' };
	const found = functionAt(script, location);
	if (found === undefined) return lookAlone(fn, script, location);
	const description = describeFound(fn, script, found);
	for (const [name, value] of early) if (!description.read.has(name)) description.read.set(name, value);
	return description;
}

/** What can be read along with the place of a function whose source was seen before. */
function constantNames(location: Location): readonly string[] {
	const found = knownFunctionAt(location);
	const { captures = [], template } = (found && shapes().get(found)) || {};
	const given = new Set([metaName, ...(template?.eager ?? [])]);
	return captures.filter(({ name, constant }) => constant && !given.has(name)).map(({ name }) => name);
}

/** What all closures of one piece of source have in common. */
type Shape = Pick<Source, 'template' | 'captures'> & { readonly parts: ClassParts };

const shapes = () => realm('shapes', () => new WeakMap<FunctionNode, Shape>());

function describeFound(fn: object, script: Script, found: FunctionNode): Source {
	let shape = shapes().get(found);
	if (shape === undefined) shapes().set(found, (shape = shapeOf(fn, script, found)));
	const { template, captures, parts } = shape;
	const read = new Map<string, unknown>();
	// A variable may be gone once the class is made; the class itself knows what it extends.
	if (template.names.includes(parts.heritageName)) read.set(parts.heritageName, Object.getPrototypeOf(fn));
	if (template.names.includes(metaName)) read.set(metaName, importMeta(script.url));
	return { type: 'source', template, script, found, captures, read };
}

function shapeOf(fn: object, script: Script, found: FunctionNode): Shape {
	refuseDynamic(script, found);
	const parts = classParts(found);
	const references = freeReferences(script, found, parts);
	const names = [...new Set(references.map(({ name }) => name))];
	const outside = names.filter((name) => references.find((use) => use.name === name)?.variable === undefined);
	const seen = outside.length === 0 ? [] : readVariables(fn, outside);
	const globals = new Set(outside.filter((_, at) => seen[at]?.state === 'global'));
	const captures = names
		.filter((name) => !globals.has(name))
		.map((name) => captureOf(references.filter((use) => use.name === name)));
	const given = (name: string) => ({ name, constant: true, members: null, written: false });
	if (parts.isRenamed) captures.push(given(parts.heritageName));
	const { start, end } = found.node;
	const usesMeta = script.analysis?.lexicalUses.some((use) => use.what === 'import.meta' && use.at >= start && use.at < end);
	if (usesMeta) captures.push(given(metaName));
	const template = makeTemplate(script, found, parts, captures.map(({ name }) => name));
	return { template, captures, parts };
}

function freeReferences(script: Script, { node }: FunctionNode, parts: ClassParts): Reference[] {
	const inside = (scope: Scope) => scope.start >= node.start && scope.end <= node.end;
	const isWithin = (at: number) => (span: Span) => at >= span.start && at < span.end;
	const isTakenOut = (at: number) =>
		parts.blanks.some(isWithin(at)) ||
		(parts.heritage !== null && parts.isRenamed && isWithin(at)(parts.heritage));
	const free = (script.analysis?.references ?? []).filter(
		({ at, variable }) =>
			at >= node.start && at < node.end && (variable === undefined || !inside(variable.scope)) && !isTakenOut(at),
	);
	const key = free.find(({ at, variable }) => variable !== undefined && parts.computedKeys.some(isWithin(at)));
	if (key === undefined) return free;
	throw new CannotCross(
		`has a member named by \`${key.name}\`, which only its evaluation saw`,
		'export the class from a module of its own, so that it goes by reference',
	);
}

function captureOf(uses: readonly Reference[]): Capture {
	const { name, variable } = uses[0] as Reference;
	return {
		name,
		constant: variable === undefined || !(variable.assigned || programIsDynamic(variable.scope)),
		members: membersOf(uses),
		written: uses.some(({ writes }) => writes),
		variable,
	};
}

function refuseDynamic(script: Script, { node, scope }: FunctionNode): void {
	const dynamicInside = script.analysis?.dynamicAt.some((at) => at >= node.start && at < node.end);
	let around: Scope | null = scope;
	while (around !== null && !(around.dynamic && around.kind !== 'program')) around = around.parent;
	if (!dynamicInside && around === null) return;
	throw new CannotCross(
		`has direct \`eval\` or \`with\` in or around it (${placeIn(script, node.start)}), which hides what variables it uses`,
		'call eval indirectly, as (0, eval)(text), or pass what the function needs as arguments',
	);
}

function programIsDynamic(scope: Scope): boolean {
	return scope.kind === 'program' && scope.dynamic;
}

/** Where the file as a whole does not parse: the function's own text, its names looked up as they come. */
function lookAlone(fn: object, script: Script, location: { line: number; column: number }): Source {
	const text = Function.prototype.toString.call(fn);
	for (const [before, after] of [
		['(', ')'],
		['({', '})'],
	] as const) {
		const source = before + text + after;
		const program = parse(source, false);
		if (program === null) continue;
		const analysis = analyse(program, source, false);
		const found = [...analysis.functions.values()].find((node) => node.start === before.length);
		if (found === undefined) continue;
		const alone: Script = { ...script, source, analysis, lineStarts: [0], startLine: location.line };
		const description = describeFound(fn, { ...alone, startColumn: location.column - before.length }, found);
		return { ...description, captures: description.captures.map((one) => ({ ...one, constant: false })), found: null };
	}
	throw new CannotCross('has a source text that does not parse', 'export it from a module of its own');
}
