import type { AnyNode } from 'acorn';

/** How a variable came to be. */
export type VariableKind = 'import' | 'const' | 'let' | 'var' | 'function' | 'class' | 'param';

export interface Variable {
	readonly name: string;
	readonly kind: VariableKind;
	readonly scope: Scope;
	/** Where its declaration names it. */
	readonly at: number;
	/** Some code gives it a new value after its declaration. */
	assigned: boolean;
	/** What it was declared as, where that is a function or class. */
	declaredAs?: AnyNode;
	/** `* ` imports have the imported name `*`. */
	readonly from?: { readonly specifier: string; readonly imported: string; readonly plain: boolean };
}

export interface Scope {
	readonly kind: 'program' | 'function' | 'block';
	readonly start: number;
	readonly end: number;
	readonly parent: Scope | null;
	readonly strict: boolean;
	readonly variables: Map<string, Variable>;
	/** Holds a direct `eval` or a `with`, so names cannot be told from the text. */
	dynamic: boolean;
}

export function openScope(
	kind: Scope['kind'],
	{ start, end }: AnyNode,
	parent: Scope | null,
	strict: boolean,
): Scope {
	return { kind, start, end, parent, strict, variables: new Map(), dynamic: false };
}

export function declare(
	scope: Scope,
	name: string,
	kind: VariableKind,
	at: number,
	declaredAs?: AnyNode,
	from?: Variable['from'],
): Variable {
	const known = scope.variables.get(name);
	if (known !== undefined) return known;
	const variable: Variable = { name, kind, scope, at, assigned: false, declaredAs, from };
	scope.variables.set(name, variable);
	return variable;
}

export function lookUp(scope: Scope | null, name: string): Variable | undefined {
	for (let at = scope; at !== null; at = at.parent) {
		const found = at.variables.get(name);
		if (found !== undefined) return found;
	}
	return undefined;
}

export function functionScope(scope: Scope): Scope {
	let at = scope;
	while (at.kind === 'block' && at.parent !== null) at = at.parent;
	return at;
}

export function markDynamic(scope: Scope): void {
	for (let at: Scope | null = scope; at !== null; at = at.parent) at.dynamic = true;
}
