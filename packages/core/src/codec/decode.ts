import { builtinAt } from '../capture/builtin.js';
import type { Template } from '../capture/template.js';
import { loadPackage } from '../packages.js';
import { type Binder, instantiate } from '../revive/compile.js';
import { importerOf, isLoaded, moduleOf, requireOf } from '../revive/modules.js';
import { type Cell, noteRevived, revivedOf } from '../revive/revived.js';
import { define } from './define.js';
import { byIdentity, rememberIdentity } from './identity.js';
import type { FunctionSpecial, Graph, ModuleRequest, PatchRange, Payload, Special } from './payload.js';
import { GraphDeserializer } from './serializer.js';
import { revive, type ShareableClass } from './shareable.js';

export interface DecodeOptions {
	/** The templates the other side has sent so far. */
	readonly templates: ReadonlyMap<string, Template>;
	readonly resolve?: Resolve | undefined;
	/** Does without the modules that are not there yet: an error of a class of theirs becomes a plain one. */
	readonly lenient?: boolean;
	/** A signal that is aborted when the one on the other side is. */
	signal(index: number): AbortSignal;
}

/** Stands for what is in a module that is not there yet. */
class Missing extends Error {}

type Constructor = new (...args: never[]) => object;

/** The value of a payload, whose modules have been loaded. */
export function decode(
	payload: Pick<Payload, 'bytes' | 'shared' | 'moved'>,
	options: DecodeOptions,
): unknown {
	const { bytes, moved } = payload;
	const deserializer = new GraphDeserializer(bytes, moved);
	const hasSpecials = deserializer.readValue() as boolean;
	const value: unknown = deserializer.readValue();
	return hasSpecials ? new Decoder(value as Graph, payload, options).decode() : value;
}

type Beside = Pick<Payload, 'shared' | 'moved'>;

/** Gives the object of what stands for it. */
export type Resolve = (reference: unknown) => unknown;

/** What an accepted graph stands for, where nothing came beside it. */
export function decodeGraph(graph: Graph, resolve?: Resolve): unknown {
	return new Decoder(graph, { shared: [], moved: [] }, { ...nothingBeside, resolve }).decode();
}

const nothingBeside: DecodeOptions = {
	templates: new Map(),
	signal: () => new AbortController().signal,
};

class Decoder {
	readonly #graph: Graph;
	readonly #beside: Beside;
	readonly #options: DecodeOptions;
	readonly #made: unknown[] = [];
	readonly #making = new Set<number>();
	readonly #binders = new Map<number, Binder>();
	/** What is left to do once everything exists. */
	readonly #later: (() => void)[] = [];
	readonly #cellRecords: Cell[] = [];

	constructor(graph: Graph, beside: Beside, options: DecodeOptions) {
		this.#graph = graph;
		this.#beside = beside;
		this.#options = options;
	}

	decode(): unknown {
		const { specials, patches, root } = this.#graph;
		for (const index of specials.keys()) this.#special(index);
		this.#patch([0, patches.length]);
		for (const finish of this.#later) finish();
		return root[0];
	}

	/** What is being made already comes last: a shareable, in the variables of a function in its own handle. */
	#patch([from, to]: PatchRange): void {
		for (const [holder, key, index] of this.#graph.patches.slice(from, to)) {
			if (!this.#making.has(index)) define(holder, key, this.#special(index));
		}
	}

	#special(index: number): unknown {
		if (!(index in this.#made)) {
			this.#making.add(index);
			const made = this.#make(index, this.#graph.specials[index] as Special);
			this.#making.delete(index);
			if (!(index in this.#made)) this.#made[index] = made;
		}
		return this.#made[index];
	}

	#make(index: number, special: Special): unknown {
		switch (special.type) {
			case 'function':
				return this.#function(index, special);
			case 'package':
				return loadPackage(special.package)[special.name];
			case 'builtin':
				return builtinAt(special);
			case 'export': {
				const { module, path } = special;
				if (this.#isMissing({ specifier: module, parent: module })) return Missing;
				const namespace: unknown = moduleOf({ specifier: module, parent: module });
				const found = path.reduce<unknown>((at, name) => Object(at)[name], namespace);
				if (typeof found === 'function') return found;
				throw new SyntaxError(`${module} has no function under the name ${path.join('.')}`);
			}
			case 'import': {
				if (this.#isMissing(special)) return Missing;
				const namespace = moduleOf(special);
				if (special.name === '*') return namespace;
				if (special.name in namespace) return namespace[special.name];
				throw new SyntaxError(
					`${special.specifier} (from ${special.parent}) has no export named ${special.name}`,
				);
			}
			case 'require':
				return requireOf(special.url);
			case 'importer':
				return importerOf(special.url);
			case 'reference': {
				const { resolve } = this.#options;
				if (resolve === undefined) throw new TypeError('an object that nobody here knows');
				return resolve(special.reference);
			}
			case 'bound': {
				const target = this.#special(special.target) as (...args: unknown[]) => unknown;
				this.#patch(special.needs);
				return target.bind(special.self[0], ...special.args);
			}
			case 'shareable': {
				const Class = this.#special(special.class) as unknown as ShareableClass<unknown>;
				this.#patch(special.needs);
				return Class[revive](special.handle[0]);
			}
			case 'instance': {
				this.#made[index] = special.target;
				const Class = this.#class(special.class);
				return Class === undefined ? special.target : Object.setPrototypeOf(special.target, Class.prototype);
			}
			case 'prototype':
				this.#later.push(() => Object.setPrototypeOf(special.target, special.prototype[0] as object | null));
				return special.target;
			case 'class-prototype':
				return (this.#special(special.class) as Constructor).prototype;
			case 'map':
				return this.#map(special);
			case 'set':
				return this.#set(special);
			case 'error':
				return this.#error(special);
			case 'dom-exception':
				return withStack(new DOMException(special.message, special.name), special.stack);
			case 'buffer':
				return Buffer.from(special.bytes.buffer, special.bytes.byteOffset, special.bytes.byteLength);
			case 'url':
				return new URL(special.href);
			case 'search-params':
				return new URLSearchParams(special.text);
			case 'symbol':
				return Symbol.for(special.key);
			case 'signal':
				if (!special.aborted) return this.#options.signal(special.index);
				this.#patch(special.needs);
				return AbortSignal.abort(special.reason[0]);
			case 'moved':
				return this.#beside.moved[special.index];
			case 'shared':
				return this.#beside.shared[special.index];
			case 'view':
				return viewOf(this.#beside.shared[special.index] as SharedArrayBuffer, special);
		}
	}

	#function(index: number, special: FunctionSpecial): object {
		const template = this.#template(special.template);
		const known = this.#graph.constant || template.kind === 'class' ? byIdentity(special.id) : undefined;
		if (known !== undefined) return this.#renew(known, special);
		const binder = this.#binder(index);
		const values = () => special.cells.map((cell) => this.#graph.cells[cell]);
		if (template.kind === 'class') this.#fillEagerly(special, template, binder, values);
		const fn = binder.make();
		this.#made[index] = fn;
		if ((fn as { name: string }).name !== special.name) {
			Object.defineProperty(fn, 'name', { value: special.name, configurable: true });
		}
		const cells = special.cells.map((cell, at) => {
			this.#cellRecords[cell] ??= { assigned: special.assigned[at] === true };
			return this.#cellRecords[cell];
		});
		noteRevived(fn, { template, cells, read: binder.read, write: binder.write });
		if (!this.#options.lenient) rememberIdentity(fn, special.id); // who comes later wants it with all its modules
		this.#later.push(() => {
			binder.write(values());
			const { prototype } = fn as { prototype?: object };
			assign(fn, special.own);
			if (prototype === undefined) return;
			assign(prototype, special.prototype);
			if (special.parent.length > 0) Object.setPrototypeOf(prototype, special.parent[0] as object | null);
		});
		return fn;
	}

	/** A class that is here already is the same class, with what it captures as of this call. */
	#renew(known: object, special: FunctionSpecial): object {
		const revived = revivedOf(known);
		if (revived === undefined || this.#graph.constant) return known;
		this.#later.push(() => {
			revived.write(special.cells.map((cell) => this.#graph.cells[cell]));
			assign(known, special.own);
		});
		return known;
	}

	/** What a class needs while it is evaluated - its `extends`, mostly - is made before it. */
	#fillEagerly(
		special: FunctionSpecial,
		{ names, eager }: Template,
		binder: Binder,
		values: () => unknown[],
	): void {
		const cells = special.cells.filter((_, at) => eager.includes(names[at] as string));
		const needed = new Set<unknown>(cells.map((cell) => this.#graph.cells[cell]));
		const { patches } = this.#graph;
		for (const [at, [holder, key]] of patches.entries()) {
			const isCell = holder === this.#graph.cells && cells.includes(key as number);
			if (isCell || needed.has(holder)) this.#patch([at, at + 1]);
		}
		binder.write(values());
	}

	#binder(index: number): Binder {
		const made = this.#binders.get(index);
		if (made !== undefined) return made;
		const unit = this.#graph.units.find((members) => members.includes(index)) ?? [index];
		const specials = unit.map((member) => this.#graph.specials[member] as FunctionSpecial);
		const templates = specials.map(({ template }) => this.#template(template));
		const binders = instantiate(templates, unit.length > 1 ? sharedNames(specials, templates) : []);
		for (const [at, member] of unit.entries()) this.#binders.set(member, binders[at] as Binder);
		return this.#binders.get(index) as Binder;
	}

	#template(id: string): Template {
		const template = this.#options.templates.get(id);
		if (template === undefined)
			throw new Error(`the text of a function (${id}) did not arrive before its call`);
		return template;
	}

	#map({ entries, own, class: Class }: Special & { type: 'map' }): object {
		const map = reshape(new Map<unknown, unknown>(), this.#class(Class));
		this.#later.push(() => {
			for (let at = 0; at < entries.length; at += 2)
				Map.prototype.set.call(map, entries[at], entries[at + 1]);
			assign(map, own);
		});
		return map;
	}

	#set({ items, own, class: Class }: Special & { type: 'set' }): object {
		const set = reshape(new Set<unknown>(), this.#class(Class));
		this.#later.push(() => {
			for (const item of items) Set.prototype.add.call(set, item);
			assign(set, own);
		});
		return set;
	}

	#class(index: number): Constructor | undefined {
		const found = index === -1 ? undefined : (this.#special(index) as Constructor);
		return found === Missing ? undefined : found;
	}

	#isMissing(request: ModuleRequest): boolean {
		return this.#options.lenient === true && !isLoaded(request);
	}

	#error({ class: Class, stack, keys, values }: Special & { type: 'error' }): Error {
		const error: Error = Reflect.construct(Error, [], this.#class(Class) ?? Error);
		withStack(error, stack);
		this.#later.push(() => {
			for (const [at, [key, enumerable]] of keys.entries()) {
				Object.defineProperty(error, key, {
					value: values[at],
					enumerable,
					writable: true,
					configurable: true,
				});
			}
		});
		return error;
	}
}

function sharedNames(specials: readonly FunctionSpecial[], templates: readonly Template[]): string[] {
	const nameOf = new Map<number, string>();
	const shared = new Set<string>();
	for (const [at, { cells }] of specials.entries()) {
		for (const [position, cell] of cells.entries()) {
			const name = templates[at]?.names[position] as string;
			if (nameOf.has(cell)) shared.add(name);
			nameOf.set(cell, name);
		}
	}
	return [...shared];
}

function reshape<T extends object>(value: T, Class: Constructor | undefined): T {
	return Class === undefined ? value : Object.setPrototypeOf(value, Class.prototype);
}

/** Own `__proto__` keys stay what they are, and no setter runs. */
function assign(target: object, values: Record<string, unknown>): void {
	for (const [key, value] of Object.entries(values)) {
		Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
	}
}

function withStack<T extends object>(error: T, stack: string): T {
	Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
	return error;
}

type ViewClass = new (buffer: SharedArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

function viewOf(
	buffer: SharedArrayBuffer,
	{ class: name, byteOffset, length }: Special & { type: 'view' },
): ArrayBufferView {
	if (name === 'Buffer') return Buffer.from(buffer, byteOffset, length);
	const View = builtinAt({ module: '', path: [name] }) as ViewClass;
	return new View(buffer, byteOffset, length);
}
