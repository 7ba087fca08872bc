import type { AnyNode, Pattern } from 'acorn';
import { Findings, type Owner } from './findings.js';
import { hoist } from './hoist.js';
import { type ClassLike, type FunctionLike, hasUseStrict } from './nodes.js';
import { expressionsIn, names } from './patterns.js';
import { declare, openScope, type Scope } from './scope.js';

/** Functions, methods and classes: what opens a scope and gives `this` its meaning. */
export abstract class FunctionVisitor extends Findings {
	protected abstract visit(node: AnyNode | null | undefined, scope: Scope, owner: Owner): void;

	protected visitFunction(node: FunctionLike, scope: Scope, owner: Owner): void {
		const strict = scope.strict || (node.body.type === 'BlockStatement' && hasUseStrict(node.body.body));
		const inner = openScope('function', node, scope, strict);
		if (node.type === 'FunctionExpression' && node.id)
			declare(inner, node.id.name, 'function', node.id.start, node);
		const innerOwner = node.type === 'ArrowFunctionExpression' ? owner : { ...owner, function: node.start };
		for (const parameter of node.params) this.visitParameter(parameter, inner, innerOwner);
		if (node.body.type !== 'BlockStatement') {
			this.visit(node.body, inner, innerOwner);
			return;
		}
		hoist(node.body.body, inner);
		for (const statement of node.body.body) this.visit(statement, inner, innerOwner);
	}

	protected visitMethod(
		whole: AnyNode & { key: AnyNode; computed: boolean },
		node: FunctionLike,
		kind: 'method' | 'getter' | 'setter',
		scope: Scope,
		owner: Owner,
	): void {
		const computedKey = whole.computed ? { start: whole.key.start, end: whole.key.end } : undefined;
		const isStatic = whole.type === 'MethodDefinition' && whole.static;
		const { start, end } = whole;
		this.functions.set(node.start, { kind, node, start, end, computedKey, isStatic, scope });
		this.visitFunction(node, scope, owner);
	}

	protected visitClass(node: ClassLike, scope: Scope, owner: Owner): void {
		const inner = openScope('block', node, scope, true);
		if (node.id) declare(inner, node.id.name, 'class', node.id.start, node);
		const names = new Set<string>();
		for (const { key } of node.body.body.filter((member) => 'key' in member)) {
			if (key.type === 'PrivateIdentifier') names.add(key.name);
		}
		const within: Owner = { ...owner, privates: [...owner.privates, { start: node.start, names }] };
		let position = node.start;
		this.visit(node.superClass, inner, owner);
		for (const member of node.body.body) {
			if (member.type === 'MethodDefinition') {
				if (member.computed) this.visit(member.key, inner, within);
				if (member.kind === 'constructor') {
					position = member.value.start;
					this.visitFunction(member.value, inner, within);
				} else {
					const kind = member.kind === 'get' ? 'getter' : member.kind === 'set' ? 'setter' : 'method';
					this.visitMethod(member, member.value, kind, inner, within);
				}
			} else if (member.type === 'PropertyDefinition') {
				if (member.computed) this.visit(member.key, inner, within);
				if (member.value) {
					// An initialiser is run like a method of its own: `this` and `arguments` are not those around the class.
					const scope = openScope('function', member.value, inner, true);
					this.visit(member.value, scope, { ...within, function: member.start });
				}
			} else this.visit(member, inner, within);
		}
		this.add(position, { kind: 'class', node, scope });
	}

	protected visitParameter(pattern: Pattern, scope: Scope, owner: Owner): void {
		for (const { name, start } of names(pattern)) declare(scope, name, 'param', start);
		for (const expression of expressionsIn(pattern)) this.visit(expression, scope, owner);
	}
}
