import { types } from 'node:util';
import { isShareable } from '../codec/shareable.js';
import type { Reference } from './findings.js';

/** Which members of an object are used: a tree of names; a leaf is used as a whole. */
export interface Members {
	readonly children: ReadonlyMap<string, Members | null>;
	/** One of them is called as a method, so it may use the object as `this`. */
	readonly calls: boolean;
}

interface Growing {
	children: Map<string, Growing | null>;
	calls: boolean;
}

/** The members some uses of a variable read; null when one of them needs the variable as a whole. */
export function membersOf(uses: readonly Reference[]): Members | null {
	const root: Growing = { children: new Map(), calls: false };
	for (const { path, called, writes } of uses) {
		if (writes || path.length === 0) return null;
		let at = root;
		for (const [index, name] of path.entries()) {
			const isLast = index === path.length - 1;
			if (isLast && called) at.calls = true;
			const next = at.children.get(name);
			if (next === null) break;
			if (isLast) at.children.set(name, null);
			else if (next === undefined) {
				const grown: Growing = { children: new Map(), calls: false };
				at.children.set(name, grown);
				at = grown;
			} else at = next;
		}
	}
	return root;
}

/** Whether a value can be stood in for by an object with only the members that are used. */
export function isDivisible(value: unknown, members: Members): value is Record<string, unknown> {
	if (typeof value !== 'object' || value === null) return false;
	if (isShareable(value)) return false; // whose members may be made by reading them
	if (isNamespace(value)) return true;
	if (members.calls || Array.isArray(value)) return false;
	const prototype = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}

/** Functions of a module do not use it as `this`: a real namespace, or what a transformer makes of one. */
function isNamespace(value: object): boolean {
	if (types.isModuleNamespaceObject(value)) return true;
	return Reflect.get(value, Symbol.toStringTag) === 'Module' || Reflect.get(value, '__esModule') === true;
}
