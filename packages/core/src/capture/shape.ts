import { CannotCross } from '../errors.js';
import { realm } from '../realm.js';
import { type ClassParts, classParts, type Span } from './class.js';
import type { FunctionNode, Reference } from './findings.js';
import { readVariables } from './inspector.js';
import { type Members, membersOf } from './members.js';
import { placeIn } from './place.js';
import type { Scope, Variable } from './scope.js';
import type { Script } from './script.js';
import { makeTemplate, metaName, type Template } from './template.js';

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

/** What all closures of one piece of source have in common. */
export interface Shape {
	readonly template: Template;
	readonly captures: readonly Capture[];
	readonly parts: ClassParts;
}

const shapes = () => realm('shapes', () => new WeakMap<FunctionNode, Shape>());

/** Cuts a function out of its script the first time; throws a CannotCross where it makes sense only where it stands. */
export function shapeOf(fn: object, script: Script, found: FunctionNode): Shape {
	let shape = shapes().get(found);
	if (shape === undefined) {
		shape = cutOut(fn, script, found);
		shapes().set(found, shape);
	}
	return shape;
}

/** The shape of a function that was cut out before. */
export function knownShape(found: FunctionNode): Shape | undefined {
	return shapes().get(found);
}

function cutOut(fn: object, script: Script, found: FunctionNode): Shape {
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
	const usesMeta = script.analysis?.lexicalUses.some(
		(use) => use.what === 'import.meta' && use.at >= start && use.at < end,
	);
	if (usesMeta) captures.push(given(metaName));
	const keyNames = keysOf(captures, references, parts);
	const template = makeTemplate(
		script,
		found,
		parts,
		captures.map(({ name }) => name),
		keyNames,
	);
	return { template, captures, parts };
}

const isWithin = (at: number) => (span: Span) => at >= span.start && at < span.end;

function freeReferences(script: Script, { node }: FunctionNode, parts: ClassParts): Reference[] {
	const inside = (scope: Scope) => scope.start >= node.start && scope.end <= node.end;
	const isTakenOut = (at: number) =>
		parts.blanks.some(isWithin(at)) ||
		(parts.heritage !== null && parts.isRenamed && isWithin(at)(parts.heritage));
	return (script.analysis?.references ?? []).filter(
		({ at, variable }) =>
			at >= node.start &&
			at < node.end &&
			(variable === undefined || !inside(variable.scope)) &&
			!isTakenOut(at),
	);
}

/** The captured variables that name members of a class: it needs them while it is evaluated. */
function keysOf(captures: readonly Capture[], references: readonly Reference[], parts: ClassParts): string[] {
	const inKeys = references.filter(({ at }) => parts.computedKeys.some(isWithin(at)));
	const names = new Set(inKeys.map(({ name }) => name));
	const used = captures.filter(({ name }) => names.has(name));
	const changing = used.find(({ constant }) => !constant);
	if (changing !== undefined) {
		throw new CannotCross(
			`has a member named by \`${changing.name}\`, which may have had another value when the class was made`,
			'name the member by a const, or export the class from a module of its own',
		);
	}
	return used.map(({ name }) => name);
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
