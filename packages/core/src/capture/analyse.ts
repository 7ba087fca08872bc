import type {
	AnonymousClassDeclaration,
	AnonymousFunctionDeclaration,
	AnyNode,
	ArrowFunctionExpression,
	ClassDeclaration,
	ClassExpression,
	FunctionDeclaration,
	FunctionExpression,
	Identifier,
	Pattern,
	Program,
} from 'acorn';

import { declaredNames, isPattern, memberTargets, names } from './patterns.js';
import {
	declare,
	functionScope,
	lookUp,
	markDynamic,
	openScope,
	type Scope,
	type Variable,
	type VariableKind,
} from './scope.js';

type FunctionLike =
	| AnonymousFunctionDeclaration
	| ArrowFunctionExpression
	| FunctionDeclaration
	| FunctionExpression;
type ClassLike = AnonymousClassDeclaration | ClassDeclaration | ClassExpression;

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

type Owner = {
	readonly function: number;
	readonly privates: ReadonlyArray<{ start: number; names: Set<string> }>;
};

/** One pass over a parsed script: its scopes, what is used where, and its functions by position. */
export function analyse(program: Program, source: string, isModule: boolean): Analysis {
	return new Analyser(source, isModule).run(program);
}

class Analyser {
	readonly #functions = new Map<number, FunctionNode>();
	readonly #references: Reference[] = [];
	readonly #lexicalUses: LexicalUse[] = [];
	readonly #exports = new Map<string, string | AnyNode>();
	readonly #dynamicAt: number[] = [];
	readonly #initialised = new Set<Variable>();
	readonly #source: string;
	readonly #isModule: boolean;

	constructor(source: string, isModule: boolean) {
		this.#source = source;
		this.#isModule = isModule;
	}

	run(program: Program): Analysis {
		const strict = this.#isModule || hasUseStrict(program.body);
		const scope = openScope('program', program, null, strict);
		this.#hoist(program.body, scope);
		for (const node of program.body) this.#visit(node, scope, { function: -1, privates: [] });
		for (const reference of this.#references) {
			reference.variable = lookUp(reference.scope, reference.name);
			if (reference.writes && reference.variable !== undefined) reference.variable.assigned = true;
		}
		this.#references.sort((a, b) => a.at - b.at);
		return {
			functions: this.#functions,
			references: this.#references,
			lexicalUses: this.#lexicalUses,
			exports: this.#exports,
			program: scope,
			dynamicAt: this.#dynamicAt,
		};
	}

	/** Declares what a block declares before any of it runs: functions, classes, let, const, imports. */
	#hoist(body: readonly AnyNode[], scope: Scope): void {
		for (const statement of body) {
			const node =
				(statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') &&
				statement.declaration
					? (statement.declaration as AnyNode)
					: statement;
			if (node.type === 'FunctionDeclaration' && node.id)
				declare(scope, node.id.name, 'function', node.id.start, node);
			else if (node.type === 'ClassDeclaration' && node.id)
				declare(scope, node.id.name, 'class', node.id.start, node);
			else if (node.type === 'VariableDeclaration') {
				for (const { id, init } of node.declarations) {
					const target = node.kind === 'var' ? functionScope(scope) : scope;
					const declaredAs = init && isFunctionOrClass(init) ? init : undefined;
					for (const { name, start } of names(id))
						declare(target, name, variableKind(node.kind), start, declaredAs);
				}
			} else if (node.type === 'ImportDeclaration') {
				for (const specifier of node.specifiers) {
					const plain = node.attributes === undefined || node.attributes.length === 0;
					const from = { specifier: String(node.source.value), imported: importedName(specifier), plain };
					declare(scope, specifier.local.name, 'import', specifier.local.start, undefined, from);
				}
			}
		}
	}

	#visit(node: AnyNode | null | undefined, scope: Scope, owner: Owner): void {
		if (!node) return;
		switch (node.type) {
			case 'Identifier':
				if (node.name === 'arguments' && lookUp(scope, 'arguments') === undefined) {
					this.#use('arguments', node.start, owner.function, '');
				} else this.#refer(node, scope, false);
				return;
			case 'FunctionDeclaration':
			case 'FunctionExpression':
				this.#add(openingParenthesis(node, this.#source), { kind: 'function', node, scope });
				return this.#function(node, scope, owner);
			case 'ArrowFunctionExpression':
				this.#add(node.start, { kind: 'arrow', node, scope });
				return this.#function(node, scope, owner);
			case 'ClassDeclaration':
			case 'ClassExpression':
				return this.#class(node, scope, owner);
			case 'Property':
				if (node.computed) this.#visit(node.key, scope, owner);
				if (node.method || node.kind !== 'init') {
					const kind = node.kind === 'get' ? 'getter' : node.kind === 'set' ? 'setter' : 'method';
					return this.#method(node, node.value as FunctionLike, kind, scope, owner);
				}
				return this.#visit(node.value, scope, owner);
			case 'MemberExpression':
				return this.#member(node, scope, owner, false);
			case 'CallExpression':
				if (node.callee.type === 'Identifier' && node.callee.name === 'eval') this.#dynamic(node, scope);
				if (node.callee.type === 'MemberExpression') this.#member(node.callee, scope, owner, true);
				else this.#visit(node.callee, scope, owner);
				for (const argument of node.arguments) this.#visit(argument, scope, owner);
				return;
			case 'TaggedTemplateExpression':
				if (node.tag.type === 'MemberExpression') this.#member(node.tag, scope, owner, true);
				else this.#visit(node.tag, scope, owner);
				return this.#visit(node.quasi, scope, owner);
			case 'AssignmentExpression':
				this.#target(node.left, scope, owner);
				return this.#visit(node.right, scope, owner);
			case 'UpdateExpression':
				return this.#target(node.argument as Pattern, scope, owner);
			case 'UnaryExpression':
				// `delete x.y` changes the object, so it is needed whole.
				if (node.operator === 'delete') return this.#target(node.argument as Pattern, scope, owner);
				return this.#visit(node.argument, scope, owner);
			case 'VariableDeclaration':
				return this.#declarations(node, scope, owner);
			case 'ForInStatement':
			case 'ForOfStatement':
			case 'ForStatement':
				return this.#loop(node, scope, owner);
			case 'BlockStatement':
				return this.#block(node.body, node, 'block', scope, owner);
			case 'StaticBlock':
				return this.#block(node.body, node, 'function', scope, { ...owner, function: node.start });
			case 'SwitchStatement': {
				this.#visit(node.discriminant, scope, owner);
				const inner = openScope('block', node, scope, scope.strict);
				this.#hoist(
					node.cases.flatMap((branch) => branch.consequent),
					inner,
				);
				for (const branch of node.cases) {
					this.#visit(branch.test, inner, owner);
					for (const statement of branch.consequent) this.#visit(statement, inner, owner);
				}
				return;
			}
			case 'CatchClause': {
				const inner = openScope('block', node, scope, scope.strict);
				if (node.param) this.#parameter(node.param, inner, owner);
				return this.#visit(node.body, inner, owner);
			}
			case 'WithStatement':
				this.#dynamic(node, scope);
				this.#visit(node.object, scope, owner);
				return this.#visit(node.body, scope, owner);
			case 'ThisExpression':
				return this.#use('this', node.start, owner.function, '');
			case 'Super':
				return this.#use('super', node.start, owner.function, '');
			case 'MetaProperty':
				if (node.meta.name === 'new') return this.#use('new.target', node.start, owner.function, '');
				return this.#use('import.meta', node.start, -1, '');
			case 'PrivateIdentifier': {
				const declaring = owner.privates.findLast(({ names }) => names.has(node.name));
				return this.#use('private', node.start, declaring?.start ?? -1, `#${node.name}`);
			}
			case 'ExportNamedDeclaration':
				for (const specifier of node.source ? [] : node.specifiers) {
					this.#exports.set(nameOf(specifier.exported), nameOf(specifier.local));
				}
				for (const name of node.declaration ? declaredNames(node.declaration) : [])
					this.#exports.set(name, name);
				return this.#visit(node.declaration, scope, owner);
			case 'ExportDefaultDeclaration':
				this.#exports.set(
					'default',
					node.declaration.type === 'Identifier' ? node.declaration.name : node.declaration,
				);
				return this.#visit(node.declaration, scope, owner);
			case 'ImportDeclaration':
			case 'ExportAllDeclaration':
			case 'BreakStatement':
			case 'ContinueStatement':
				return;
			case 'LabeledStatement':
				return this.#visit(node.body, scope, owner);
			default:
				for (const child of children(node)) this.#visit(child, scope, owner);
		}
	}

	#function(node: FunctionLike, scope: Scope, owner: Owner): void {
		const strict = scope.strict || (node.body.type === 'BlockStatement' && hasUseStrict(node.body.body));
		const inner = openScope('function', node, scope, strict);
		if (node.type === 'FunctionExpression' && node.id)
			declare(inner, node.id.name, 'function', node.id.start, node);
		const innerOwner = node.type === 'ArrowFunctionExpression' ? owner : { ...owner, function: node.start };
		for (const parameter of node.params) this.#parameter(parameter, inner, innerOwner);
		if (node.body.type !== 'BlockStatement') return this.#visit(node.body, inner, innerOwner);
		this.#hoist(node.body.body, inner);
		for (const statement of node.body.body) this.#visit(statement, inner, innerOwner);
	}

	#method(
		whole: AnyNode & { key: AnyNode; computed: boolean },
		node: FunctionLike,
		kind: 'method' | 'getter' | 'setter',
		scope: Scope,
		owner: Owner,
	): void {
		const computedKey = whole.computed ? { start: whole.key.start, end: whole.key.end } : undefined;
		const isStatic = whole.type === 'MethodDefinition' && whole.static;
		const { start, end } = whole;
		this.#functions.set(node.start, { kind, node, start, end, computedKey, isStatic, scope });
		this.#function(node, scope, owner);
	}

	#class(node: ClassLike, scope: Scope, owner: Owner): void {
		const inner = openScope('block', node, scope, true);
		if (node.id) declare(inner, node.id.name, 'class', node.id.start, node);
		const names = new Set<string>();
		for (const { key } of node.body.body.filter((member) => 'key' in member)) {
			if (key.type === 'PrivateIdentifier') names.add(key.name);
		}
		const within: Owner = { ...owner, privates: [...owner.privates, { start: node.start, names }] };
		let position = node.start;
		this.#visit(node.superClass, inner, owner);
		for (const member of node.body.body) {
			if (member.type === 'MethodDefinition') {
				if (member.computed) this.#visit(member.key, inner, within);
				if (member.kind === 'constructor') {
					position = member.value.start;
					this.#function(member.value, inner, within);
				} else {
					const kind = member.kind === 'get' ? 'getter' : member.kind === 'set' ? 'setter' : 'method';
					this.#method(member, member.value, kind, inner, within);
				}
			} else if (member.type === 'PropertyDefinition') {
				if (member.computed) this.#visit(member.key, inner, within);
				if (member.value) {
					// An initialiser is run like a method of its own: `this` and `arguments` are not those around the class.
					const scope = openScope('function', member.value, inner, true);
					this.#visit(member.value, scope, { ...within, function: member.start });
				}
			} else this.#visit(member, inner, within);
		}
		this.#add(position, { kind: 'class', node, scope });
	}

	#parameter(pattern: Pattern, scope: Scope, owner: Owner): void {
		for (const { name, start } of names(pattern)) declare(scope, name, 'param', start);
		this.#defaults(pattern, scope, owner);
	}

	#declarations(node: AnyNode & { type: 'VariableDeclaration' }, scope: Scope, owner: Owner): void {
		for (const { id, init } of node.declarations) {
			if (node.kind === 'var') {
				const declaredAs = init && isFunctionOrClass(init) ? init : undefined;
				for (const { name, start } of names(id)) {
					const variable = declare(functionScope(scope), name, 'var', start, declaredAs);
					// A second initialiser, or one inside a block that may run again, is an assignment.
					if (init && (this.#initialised.has(variable) || scope.kind === 'block')) variable.assigned = true;
					if (init) this.#initialised.add(variable);
				}
			}
			this.#defaults(id, scope, owner);
			this.#visit(init, scope, owner);
		}
	}

	#loop(
		node: AnyNode & { type: 'ForInStatement' | 'ForOfStatement' | 'ForStatement' },
		scope: Scope,
		owner: Owner,
	): void {
		const inner = openScope('block', node, scope, scope.strict);
		const head = node.type === 'ForStatement' ? node.init : node.left;
		if (head?.type === 'VariableDeclaration') {
			this.#hoist([head], inner);
			if (head.kind === 'var')
				for (const { id } of head.declarations) for (const id1 of names(id)) this.#refer(id1, inner, true);
			this.#declarations(head, inner, owner);
		} else if (head && node.type === 'ForStatement') this.#visit(head, inner, owner);
		else if (head) this.#target(head as Pattern, inner, owner);
		if (node.type === 'ForStatement') {
			this.#visit(node.test, inner, owner);
			this.#visit(node.update, inner, owner);
		} else this.#visit(node.right, inner, owner);
		this.#visit(node.body, inner, owner);
	}

	#block(body: readonly AnyNode[], node: AnyNode, kind: Scope['kind'], scope: Scope, owner: Owner): void {
		const inner = openScope(kind, node, scope, scope.strict);
		this.#hoist(body, inner);
		for (const statement of body) this.#visit(statement, inner, owner);
	}

	/** The expressions inside a pattern: default values and computed keys. */
	#defaults(pattern: AnyNode, scope: Scope, owner: Owner): void {
		if (pattern.type === 'AssignmentPattern') {
			this.#defaults(pattern.left, scope, owner);
			this.#visit(pattern.right, scope, owner);
		} else if (pattern.type === 'RestElement') this.#defaults(pattern.argument, scope, owner);
		else if (pattern.type === 'ArrayPattern') {
			for (const element of pattern.elements) if (element) this.#defaults(element, scope, owner);
		} else if (pattern.type === 'ObjectPattern') {
			for (const property of pattern.properties) {
				if (property.type === 'RestElement') continue;
				if (property.computed) this.#visit(property.key, scope, owner);
				this.#defaults(property.value, scope, owner);
			}
		}
	}

	/** What an assignment changes. */
	#target(pattern: AnyNode, scope: Scope, owner: Owner): void {
		if (pattern.type === 'MemberExpression') {
			if (pattern.object.type === 'MemberExpression') this.#target(pattern.object, scope, owner);
			else this.#visit(pattern.object, scope, owner);
			if (pattern.computed) this.#visit(pattern.property, scope, owner);
			else if (pattern.property.type === 'PrivateIdentifier') this.#visit(pattern.property, scope, owner);
			return;
		}
		const targets = isPattern(pattern) ? names(pattern) : [];
		for (const identifier of targets) this.#refer(identifier, scope, true);
		if (isPattern(pattern)) {
			this.#defaults(pattern, scope, owner);
			for (const member of memberTargets(pattern)) this.#target(member, scope, owner);
		} else this.#visit(pattern, scope, owner);
	}

	#member(node: AnyNode & { type: 'MemberExpression' }, scope: Scope, owner: Owner, called: boolean): void {
		const path: string[] = [];
		let at: AnyNode = node;
		let whole = called;
		while (at.type === 'MemberExpression') {
			if (at.computed || at.property.type === 'PrivateIdentifier') {
				this.#visit(at.property, scope, owner);
				path.length = 0;
				whole = false;
			} else if (at.property.type === 'Identifier') path.unshift(at.property.name);
			at = at.object;
		}
		if (at.type === 'Identifier' && !(at.name === 'arguments' && lookUp(scope, 'arguments') === undefined)) {
			this.#references.push({ name: at.name, at: at.start, scope, writes: false, path, called: whole });
		} else if (at.type === 'MetaProperty' && at.meta.name === 'import') {
			this.#use('import.meta', at.start, -1, path[0] ?? '');
		} else this.#visit(at, scope, owner);
	}

	#refer(node: Identifier, scope: Scope, writes: boolean): void {
		this.#references.push({ name: node.name, at: node.start, scope, writes, path: [], called: false });
	}

	#use(what: LexicalUse['what'], at: number, owner: number, name: string): void {
		this.#lexicalUses.push({ what, at, owner, name });
	}

	#dynamic(node: AnyNode, scope: Scope): void {
		this.#dynamicAt.push(node.start);
		markDynamic(scope);
	}

	#add(position: number, found: Pick<FunctionNode, 'kind' | 'node' | 'scope'>): void {
		const { start, end } = found.node;
		this.#functions.set(position, { ...found, start, end, isStatic: false });
	}
}

function isFunctionOrClass(node: AnyNode): boolean {
	return /^(FunctionExpression|ArrowFunctionExpression|ClassExpression)$/.test(node.type);
}

function variableKind(kind: string): VariableKind {
	return kind === 'var' || kind === 'let' ? kind : 'const';
}

function importedName(specifier: AnyNode): string {
	if (specifier.type === 'ImportSpecifier') return nameOf(specifier.imported);
	return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*';
}

function nameOf(node: AnyNode): string {
	return node.type === 'Identifier' ? node.name : node.type === 'Literal' ? String(node.value) : '';
}

function hasUseStrict(body: readonly AnyNode[]): boolean {
	for (const node of body) {
		if (node.type !== 'ExpressionStatement' || typeof node.directive !== 'string') return false;
		if (node.directive === 'use strict') return true;
	}
	return false;
}

/** The engine reports functions at their parameter list. */
function openingParenthesis(node: FunctionLike, source: string): number {
	const from = node.id ? node.id.end : node.start;
	const text = source.slice(from, node.params[0]?.start ?? node.body.start);
	const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
	return from + text.replace(comments, (comment) => ' '.repeat(comment.length)).indexOf('(');
}

function* children(node: AnyNode): Generator<AnyNode> {
	for (const value of Object.values(node)) {
		if (Array.isArray(value)) {
			for (const element of value) if (isNode(element)) yield element;
		} else if (isNode(value)) yield value;
	}
}

function isNode(value: unknown): value is AnyNode {
	return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string';
}
