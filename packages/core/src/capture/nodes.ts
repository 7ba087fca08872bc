import type {
	AnonymousClassDeclaration,
	AnonymousFunctionDeclaration,
	AnyNode,
	ArrowFunctionExpression,
	ClassDeclaration,
	ClassExpression,
	FunctionDeclaration,
	FunctionExpression,
} from 'acorn';
import type { VariableKind } from './scope.js';

export type FunctionLike =
	| AnonymousFunctionDeclaration
	| ArrowFunctionExpression
	| FunctionDeclaration
	| FunctionExpression;
export type ClassLike = AnonymousClassDeclaration | ClassDeclaration | ClassExpression;

export function isFunctionOrClass(node: AnyNode): boolean {
	return /^(FunctionExpression|ArrowFunctionExpression|ClassExpression)$/.test(node.type);
}

export function variableKind(kind: string): VariableKind {
	return kind === 'var' || kind === 'let' ? kind : 'const';
}

export function importedName(specifier: AnyNode): string {
	if (specifier.type === 'ImportSpecifier') return nameOf(specifier.imported);
	return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*';
}

export function nameOf(node: AnyNode): string {
	return node.type === 'Identifier' ? node.name : node.type === 'Literal' ? String(node.value) : '';
}

export function hasUseStrict(body: readonly AnyNode[]): boolean {
	for (const node of body) {
		if (node.type !== 'ExpressionStatement' || typeof node.directive !== 'string') return false;
		if (node.directive === 'use strict') return true;
	}
	return false;
}

/** The engine reports functions at their parameter list. */
export function openingParenthesis(node: FunctionLike, source: string): number {
	const from = node.id ? node.id.end : node.start;
	const text = source.slice(from, node.params[0]?.start ?? node.body.start);
	const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
	return from + text.replace(comments, (comment) => ' '.repeat(comment.length)).indexOf('(');
}

export function* children(node: AnyNode): Generator<AnyNode> {
	for (const value of Object.values(node)) {
		if (Array.isArray(value)) {
			for (const element of value) if (isNode(element)) yield element;
		} else if (isNode(value)) yield value;
	}
}

function isNode(value: unknown): value is AnyNode {
	return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string';
}
