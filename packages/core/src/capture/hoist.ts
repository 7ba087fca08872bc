import type { AnyNode } from 'acorn';
import { importedName, isFunctionOrClass, variableKind } from './nodes.js';
import { names } from './patterns.js';
import { declare, functionScope, type Scope } from './scope.js';

/** Declares what a block declares before any of it runs: functions, classes, let, const, imports. */
export function hoist(body: readonly AnyNode[], scope: Scope): void {
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
