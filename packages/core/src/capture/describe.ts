import { types } from 'node:util';
import { CannotCross } from '../errors.js';
import { realm } from '../realm.js';
import { type Revived, revivedOf } from '../revive/revived.js';
import { analyse } from './analyse.js';
import type { FunctionNode } from './findings.js';
import { inspect, type Location } from './inspector.js';
import { parse } from './parse.js';
import { functionAt, knownFunctionAt, type Script, scriptOf } from './script.js';
import { type Capture, knownShape, type Shape, shapeOf } from './shape.js';
import { importMeta, metaName, type Template } from './template.js';
import { isLive, mayKeep } from './values.js';

/** What a function is made of; nothing in it changes while the function lives. */
export type Description =
	| { readonly type: 'native' }
	| { readonly type: 'bound'; readonly target: object; readonly self: unknown; readonly args: unknown[] }
	| { readonly type: 'revived'; readonly template: Template; readonly revived: Revived }
	| Source;

/** A function with a text. Its text and captures are looked at only when it goes by value; that may be refused. */
export interface Source {
	readonly type: 'source';
	readonly script: Script;
	readonly found: FunctionNode;
	/** The text was parsed by itself, since the script as a whole does not parse. */
	readonly isAlone: boolean;
	readonly template: Template;
	readonly captures: readonly Capture[];
	/** The values of constant captures that have been read. */
	readonly read: Map<string, unknown>;
}

const described = () => realm('descriptions', () => new WeakMap<object, Description>());

/** What a function or class is made of. Costs an inspector round trip the first time. */
export function describe(fn: object): Description {
	let description = described().get(fn);
	if (description === undefined) {
		description = look(fn);
		described().set(fn, description);
	}
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
				if (binding.state === 'value' && mayKeep(binding.value))
					early.set(constants[at] as string, binding.value);
			}
		},
	);
	if (bound !== undefined) return { type: 'bound', ...bound };
	if (location === undefined) return { type: 'native' };
	const script = scriptOf(fn, location);
	if (script.url.startsWith('node:')) return { type: 'native' };
	const found = functionAt(script, location);
	return found === undefined
		? lookAlone(fn, script, location)
		: new SourceOf(fn, script, found, false, early);
}

/** What can be read along with the place of a function whose source was seen before. */
function constantNames(location: Location): readonly string[] {
	const found = knownFunctionAt(location);
	const { captures = [], template } = (found && knownShape(found)) || {};
	const given = new Set([metaName, ...(template?.eager ?? [])]);
	return captures
		.filter((capture) => capture.constant && !isLive(capture) && !given.has(capture.name))
		.map(({ name }) => name);
}

class SourceOf implements Source {
	readonly type = 'source';
	readonly script: Script;
	readonly found: FunctionNode;
	readonly isAlone: boolean;
	readonly #fn: WeakRef<object>;
	readonly #early: ReadonlyMap<string, unknown>;
	#read: Map<string, unknown> | undefined;

	constructor(
		fn: object,
		script: Script,
		found: FunctionNode,
		isAlone: boolean,
		early: ReadonlyMap<string, unknown>,
	) {
		this.script = script;
		this.found = found;
		this.isAlone = isAlone;
		// Weak, as a description must not keep alive the function it is kept for.
		this.#fn = new WeakRef(fn);
		this.#early = early;
	}

	get template(): Template {
		return this.#shape().template;
	}

	get captures(): readonly Capture[] {
		const { captures } = this.#shape();
		return this.isAlone ? captures.map((one) => ({ ...one, constant: false })) : captures;
	}

	get read(): Map<string, unknown> {
		if (this.#read !== undefined) return this.#read;
		const { template, parts } = this.#shape();
		this.#read = new Map(this.#early);
		// A variable may be gone once the class is made; the class itself knows what it extends.
		if (template.names.includes(parts.heritageName))
			this.#read.set(parts.heritageName, Object.getPrototypeOf(this.#fn.deref()));
		if (template.names.includes(metaName)) this.#read.set(metaName, importMeta(this.script.url));
		return this.#read;
	}

	#shape(): Shape {
		return shapeOf(this.#fn.deref() as object, this.script, this.found);
	}
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
		const { column } = location;
		return new SourceOf(fn, { ...alone, startColumn: column - before.length }, found, true, new Map());
	}
	throw new CannotCross('has a source text that does not parse', 'export it from a module of its own');
}
