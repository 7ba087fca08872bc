import type { AnyNode, Identifier } from 'acorn';
import type { ClassLike, FunctionLike } from './nodes.js';
import { lookUp, markDynamic, type Scope, type Variable } from './scope.js';

/** A use of a name. */
export interface Reference {
	readonly name: string;
	readonly at: number;
	readonly scope: Scope;
	readonly writes: boolean;
	/** The members read of it, `['default', 'sep']` for `x.default.sep`; empty when it is used as a whole. */
	readonly path: readonly string[];
	/** The last member is called, so it sees the object before it as `this`. */
	readonly called: boolean;
	variable?: Variable;
}

/** Something whose meaning depends on the function or class around it. */
export interface LexicalUse {
	readonly what: 'this' | 'super' | 'new.target' | 'arguments' | 'private' | 'import.meta';
	readonly at: number;
	/** Where the function or class that gives it its meaning begins; -1 for the program. */
	readonly owner: number;
	/** `#name` of a private member, the property read of `import.meta`. */
	readonly name: string;
}

export interface FunctionNode {
	readonly kind: 'arrow' | 'function' | 'method' | 'getter' | 'setter' | 'class';
	readonly node: FunctionLike | ClassLike;
	/** The whole text, a method's key included. */
	readonly start: number;
	readonly end: number;
	/** A method's computed key, which is not evaluated again. */
	readonly computedKey?: { readonly start: number; readonly end: number };
	readonly isStatic: boolean;
	readonly scope: Scope;
}

export interface Analysis {
	/** By the offset the engine reports for the function. */
	readonly functions: Map<number, FunctionNode>;
	/** In the order of the text. */
	readonly references: Reference[];
	readonly lexicalUses: LexicalUse[];
	/** Exported name → the local name, or the declaration itself for `export default`. */
	readonly exports: Map<string, string | AnyNode>;
	readonly program: Scope;
	/** Where direct `eval` and `with` stand. */
	readonly dynamicAt: number[];
}

/** What gives `this` and private names their meaning. */
export type Owner = {
	readonly function: number;
	readonly privates: ReadonlyArray<{ start: number; names: Set<string> }>;
};

/** What the pass over a script collects. */
export abstract class Findings {
	protected readonly functions = new Map<number, FunctionNode>();
	protected readonly references: Reference[] = [];
	protected readonly exports = new Map<string, string | AnyNode>();
	readonly #lexicalUses: LexicalUse[] = [];
	readonly #dynamicAt: number[] = [];

	/** Everything found, each name with the variable it stands for. */
	protected resolve(program: Scope): Analysis {
		for (const reference of this.references) {
			reference.variable = lookUp(reference.scope, reference.name);
			if (reference.writes && reference.variable !== undefined) reference.variable.assigned = true;
		}
		this.references.sort((a, b) => a.at - b.at);
		return {
			functions: this.functions,
			references: this.references,
			lexicalUses: this.#lexicalUses,
			exports: this.exports,
			program,
			dynamicAt: this.#dynamicAt,
		};
	}

	protected refer(node: Identifier, scope: Scope, writes: boolean): void {
		this.references.push({ name: node.name, at: node.start, scope, writes, path: [], called: false });
	}

	protected use(what: LexicalUse['what'], at: number, owner: number, name: string): void {
		this.#lexicalUses.push({ what, at, owner, name });
	}

	protected dynamic(node: AnyNode, scope: Scope): void {
		this.#dynamicAt.push(node.start);
		markDynamic(scope);
	}

	protected add(position: number, found: Pick<FunctionNode, 'kind' | 'node' | 'scope'>): void {
		const { start, end } = found.node;
		this.functions.set(position, { ...found, start, end, isStatic: false });
	}
}
