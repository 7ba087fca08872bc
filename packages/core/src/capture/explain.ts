import { isShareable } from '../codec/shareable.js';
import { CannotCross } from '../errors.js';
import { packageExport } from '../packages.js';
import { builtinPath } from './builtin.js';
import { describe } from './describe.js';
import { checkFunction, explicitReference } from './mark.js';
import { placeOf } from './place.js';
import { wayOf } from './reference.js';
import { divide, readCaptures } from './values.js';

/**
 * How a function would cross, as a readable tree: by reference or by value and why, and what it takes along.
 *
 *     `handler` (src/server.ts:14:9) by value: no module exports it
 *     ├─ scale: a number
 *     └─ `parse` (src/parse.ts:3:8) by reference: a module exports it
 *
 * Sends nothing, and throws only for what is no function: what cannot cross is part of the tree.
 */
export function explain(fn: (...args: never[]) => unknown): string {
	checkFunction('explain', fn);
	return lines(fn, new Set()).join('\n');
}

function lines(fn: object, seen: Set<object>): string[] {
	const place = placeOf(fn);
	if (seen.has(fn)) return [`${place} (see above)`];
	seen.add(fn);
	const known = packageExport(fn);
	if (known !== undefined) return [`${place} by name: ${known.package} exports it`];
	if (builtinPath(fn) !== undefined) return [`${place} by name: Node has it`];
	try {
		return explained(fn, place, seen);
	} catch (refusal) {
		if (!(refusal instanceof CannotCross)) throw refusal;
		return [`${place} cannot cross: it ${refusal.reason} → ${refusal.wayOut}`];
	}
}

function explained(fn: object, place: string, seen: Set<object>): string[] {
	if (explicitReference(fn) !== undefined) return [`${place} by reference: byReference names its export`];
	const description = describe(fn);
	if (description.type === 'native')
		return [`${place} cannot cross: it is native and Node has it under no name`];
	if (description.type === 'bound') return [`${place} bound`, ...branches([lines(description.target, seen)])];
	const way = wayOf(fn, description);
	const heading = `${place} by ${way.by}: ${way.why}`;
	if (way.by === 'reference' || description.type !== 'source') return [heading];
	const parts = readCaptures(fn, description).map(({ capture, value }) => {
		if (isNodes(value)) return [`${capture.name}: by name, Node has it`];
		const used = capture.members === null ? value : divide(value, capture.members, isShareable);
		return typeof used === 'function' ? lines(used, seen) : [`${capture.name}: ${kindOf(used)}`];
	});
	return [heading, ...branches(parts)];
}

function branches(parts: readonly string[][]): string[] {
	return parts.flatMap((part, at) => {
		const isLast = at === parts.length - 1;
		return part.map(
			(line, index) => (index === 0 ? (isLast ? '└─ ' : '├─ ') : isLast ? '   ' : '│  ') + line,
		);
	});
}

function isNodes(value: unknown): boolean {
	return typeof value === 'object' && value !== null && builtinPath(value) !== undefined;
}

function kindOf(value: unknown): string {
	if (value === null || typeof value !== 'object') return value === null ? 'null' : `a ${typeof value}`;
	const name = value.constructor?.name ?? 'object';
	return isShareable(value) ? `a ${name}, shared` : `a copy of ${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
