import type { AnyNode, Identifier } from 'acorn';

/** Every identifier a pattern binds. */
export function names(pattern: AnyNode): Identifier[] {
	switch (pattern.type) {
		case 'Identifier':
			return [pattern];
		case 'AssignmentPattern':
			return names(pattern.left);
		case 'RestElement':
			return names(pattern.argument);
		case 'ArrayPattern':
			return pattern.elements.flatMap((element) => (element ? names(element) : []));
		case 'ObjectPattern':
			return pattern.properties.flatMap((property) =>
				names(property.type === 'RestElement' ? property.argument : property.value),
			);
		default:
			return [];
	}
}

export function memberTargets(pattern: AnyNode): AnyNode[] {
	switch (pattern.type) {
		case 'MemberExpression':
			return [pattern];
		case 'AssignmentPattern':
			return memberTargets(pattern.left);
		case 'RestElement':
			return memberTargets(pattern.argument);
		case 'ArrayPattern':
			return pattern.elements.flatMap((element) => (element ? memberTargets(element) : []));
		case 'ObjectPattern':
			return pattern.properties.flatMap((property) =>
				memberTargets(property.type === 'RestElement' ? property.argument : property.value),
			);
		default:
			return [];
	}
}

export function isPattern(node: AnyNode): boolean {
	return /^(Identifier|ArrayPattern|ObjectPattern|AssignmentPattern|RestElement)$/.test(node.type);
}

export function declaredNames(node: AnyNode): string[] {
	if (node.type === 'VariableDeclaration') {
		return node.declarations.flatMap(({ id }) => names(id).map(({ name }) => name));
	}
	return 'id' in node && node.id?.type === 'Identifier' ? [node.id.name] : [];
}

/** The expressions inside a pattern: default values and computed keys. */
export function expressionsIn(pattern: AnyNode): AnyNode[] {
	switch (pattern.type) {
		case 'AssignmentPattern':
			return [...expressionsIn(pattern.left), pattern.right];
		case 'RestElement':
			return expressionsIn(pattern.argument);
		case 'ArrayPattern':
			return pattern.elements.flatMap((element) => (element ? expressionsIn(element) : []));
		case 'ObjectPattern':
			return pattern.properties.flatMap((property) => {
				if (property.type === 'RestElement') return [];
				return [...(property.computed ? [property.key] : []), ...expressionsIn(property.value)];
			});
		default:
			return [];
	}
}
