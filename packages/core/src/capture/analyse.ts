import type { AnyNode, Pattern, Program } from 'acorn';
import type { Analysis, Owner } from './findings.js';
import { hoist } from './hoist.js';
import {
	children,
	type FunctionLike,
	hasUseStrict,
	isFunctionOrClass,
	nameOf,
	openingParenthesis,
} from './nodes.js';
import { declaredNames, expressionsIn, isPattern, memberTargets, names } from './patterns.js';
import { declare, functionScope, lookUp, openScope, type Scope, type Variable } from './scope.js';
import { FunctionVisitor } from './visit-functions.js';

/** One pass over a parsed script: its scopes, what is used where, and its functions by position. */
export function analyse(program: Program, source: string, isModule: boolean): Analysis {
	return new Analyser(source, isModule).run(program);
}

class Analyser extends FunctionVisitor {
	readonly #initialised = new Set<Variable>();
	readonly #source: string;
	readonly #isModule: boolean;

	constructor(source: string, isModule: boolean) {
		super();
		this.#source = source;
		this.#isModule = isModule;
	}

	run(program: Program): Analysis {
		const strict = this.#isModule || hasUseStrict(program.body);
		const scope = openScope('program', program, null, strict);
		hoist(program.body, scope);
		for (const node of program.body) this.visit(node, scope, { function: -1, privates: [] });
		return this.resolve(scope);
	}

	protected visit(node: AnyNode | null | undefined, scope: Scope, owner: Owner): void {
		if (!node) return;
		switch (node.type) {
			case 'Identifier':
				if (node.name === 'arguments' && lookUp(scope, 'arguments') === undefined) {
					this.use('arguments', node.start, owner.function, '');
				} else this.refer(node, scope, false);
				return;
			case 'FunctionDeclaration':
			case 'FunctionExpression':
				this.add(openingParenthesis(node, this.#source), { kind: 'function', node, scope });
				this.visitFunction(node, scope, owner);
				return;
			case 'ArrowFunctionExpression':
				this.add(node.start, { kind: 'arrow', node, scope });
				this.visitFunction(node, scope, owner);
				return;
			case 'ClassDeclaration':
			case 'ClassExpression':
				this.visitClass(node, scope, owner);
				return;
			case 'Property':
				if (node.computed) this.visit(node.key, scope, owner);
				if (node.method || node.kind !== 'init') {
					const kind = node.kind === 'get' ? 'getter' : node.kind === 'set' ? 'setter' : 'method';
					this.visitMethod(node, node.value as FunctionLike, kind, scope, owner);
					return;
				}
				this.visit(node.value, scope, owner);
				return;
			case 'MemberExpression':
				this.#member(node, scope, owner, false);
				return;
			case 'CallExpression':
				if (node.callee.type === 'Identifier' && node.callee.name === 'eval') this.dynamic(node, scope);
				if (node.callee.type === 'MemberExpression') this.#member(node.callee, scope, owner, true);
				else this.visit(node.callee, scope, owner);
				for (const argument of node.arguments) this.visit(argument, scope, owner);
				return;
			case 'TaggedTemplateExpression':
				if (node.tag.type === 'MemberExpression') this.#member(node.tag, scope, owner, true);
				else this.visit(node.tag, scope, owner);
				this.visit(node.quasi, scope, owner);
				return;
			case 'AssignmentExpression':
				this.#target(node.left, scope, owner);
				this.visit(node.right, scope, owner);
				return;
			case 'UpdateExpression':
				this.#target(node.argument as Pattern, scope, owner);
				return;
			case 'UnaryExpression':
				// `delete x.y` changes the object, so it is needed whole.
				if (node.operator === 'delete') {
					this.#target(node.argument as Pattern, scope, owner);
					return;
				}
				this.visit(node.argument, scope, owner);
				return;
			case 'VariableDeclaration':
				this.#declarations(node, scope, owner);
				return;
			case 'ForInStatement':
			case 'ForOfStatement':
			case 'ForStatement':
				this.#loop(node, scope, owner);
				return;
			case 'BlockStatement':
				this.#block(node.body, node, 'block', scope, owner);
				return;
			case 'StaticBlock':
				this.#block(node.body, node, 'function', scope, { ...owner, function: node.start });
				return;
			case 'SwitchStatement': {
				this.visit(node.discriminant, scope, owner);
				const inner = openScope('block', node, scope, scope.strict);
				hoist(
					node.cases.flatMap((branch) => branch.consequent),
					inner,
				);
				for (const branch of node.cases) {
					this.visit(branch.test, inner, owner);
					for (const statement of branch.consequent) this.visit(statement, inner, owner);
				}
				return;
			}
			case 'CatchClause': {
				const inner = openScope('block', node, scope, scope.strict);
				if (node.param) this.visitParameter(node.param, inner, owner);
				this.visit(node.body, inner, owner);
				return;
			}
			case 'WithStatement':
				this.dynamic(node, scope);
				this.visit(node.object, scope, owner);
				this.visit(node.body, scope, owner);
				return;
			case 'ThisExpression':
				this.use('this', node.start, owner.function, '');
				return;
			case 'Super':
				this.use('super', node.start, owner.function, '');
				return;
			case 'MetaProperty':
				if (node.meta.name === 'new') {
					this.use('new.target', node.start, owner.function, '');
					return;
				}
				this.use('import.meta', node.start, -1, '');
				return;
			case 'PrivateIdentifier': {
				const declaring = owner.privates.findLast(({ names }) => names.has(node.name));
				this.use('private', node.start, declaring?.start ?? -1, `#${node.name}`);
				return;
			}
			case 'ExportNamedDeclaration':
				for (const specifier of node.source ? [] : node.specifiers) {
					this.exports.set(nameOf(specifier.exported), nameOf(specifier.local));
				}
				for (const name of node.declaration ? declaredNames(node.declaration) : [])
					this.exports.set(name, name);
				this.visit(node.declaration, scope, owner);
				return;
			case 'ExportDefaultDeclaration':
				this.exports.set(
					'default',
					node.declaration.type === 'Identifier' ? node.declaration.name : node.declaration,
				);
				this.visit(node.declaration, scope, owner);
				return;
			case 'ImportDeclaration':
			case 'ExportAllDeclaration':
			case 'BreakStatement':
			case 'ContinueStatement':
				return;
			case 'LabeledStatement':
				this.visit(node.body, scope, owner);
				return;
			default:
				for (const child of children(node)) this.visit(child, scope, owner);
		}
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
			for (const expression of expressionsIn(id)) this.visit(expression, scope, owner);
			this.visit(init, scope, owner);
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
			hoist([head], inner);
			if (head.kind === 'var')
				for (const { id } of head.declarations) for (const id1 of names(id)) this.refer(id1, inner, true);
			this.#declarations(head, inner, owner);
		} else if (head && node.type === 'ForStatement') this.visit(head, inner, owner);
		else if (head) this.#target(head as Pattern, inner, owner);
		if (node.type === 'ForStatement') {
			this.visit(node.test, inner, owner);
			this.visit(node.update, inner, owner);
		} else this.visit(node.right, inner, owner);
		this.visit(node.body, inner, owner);
	}

	#block(body: readonly AnyNode[], node: AnyNode, kind: Scope['kind'], scope: Scope, owner: Owner): void {
		const inner = openScope(kind, node, scope, scope.strict);
		hoist(body, inner);
		for (const statement of body) this.visit(statement, inner, owner);
	}

	/** What an assignment changes. */
	#target(pattern: AnyNode, scope: Scope, owner: Owner): void {
		if (pattern.type === 'MemberExpression') {
			if (pattern.object.type === 'MemberExpression') this.#target(pattern.object, scope, owner);
			else this.visit(pattern.object, scope, owner);
			if (pattern.computed) this.visit(pattern.property, scope, owner);
			else if (pattern.property.type === 'PrivateIdentifier') this.visit(pattern.property, scope, owner);
			return;
		}
		const targets = isPattern(pattern) ? names(pattern) : [];
		for (const identifier of targets) this.refer(identifier, scope, true);
		if (isPattern(pattern)) {
			for (const expression of expressionsIn(pattern)) this.visit(expression, scope, owner);
			for (const member of memberTargets(pattern)) this.#target(member, scope, owner);
		} else this.visit(pattern, scope, owner);
	}

	#member(node: AnyNode & { type: 'MemberExpression' }, scope: Scope, owner: Owner, called: boolean): void {
		const path: string[] = [];
		let at: AnyNode = node;
		let whole = called;
		while (at.type === 'MemberExpression') {
			if (at.computed || at.property.type === 'PrivateIdentifier') {
				this.visit(at.property, scope, owner);
				path.length = 0;
				whole = false;
			} else if (at.property.type === 'Identifier') path.unshift(at.property.name);
			at = at.object;
		}
		if (at.type === 'Identifier' && !(at.name === 'arguments' && lookUp(scope, 'arguments') === undefined)) {
			this.references.push({ name: at.name, at: at.start, scope, writes: false, path, called: whole });
		} else if (at.type === 'MetaProperty' && at.meta.name === 'import') {
			this.use('import.meta', at.start, -1, path[0] ?? '');
		} else this.visit(at, scope, owner);
	}
}
