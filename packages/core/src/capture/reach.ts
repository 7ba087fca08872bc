import { types } from 'node:util';
import { isShareable } from '../codec/shareable.js';
import { packageExport } from '../packages.js';
import { realm } from '../realm.js';
import { builtinPath } from './builtin.js';
import { describe } from './describe.js';
import { divide, type Reading, readCaptures } from './values.js';

/** How many objects of captured data are looked at before a graph is taken to hold nothing shared. */
const DATA_LIMIT = 10_000;

const answers = () => realm('reaches shareable', () => new WeakMap<object, boolean>());

/**
 * Whether a function gets at a shareable through the variables it captures, directly or through functions it calls.
 * By reference it would get one of its own, and two threads would each lock a lock of their own.
 */
export function reachesShareable(value: unknown): boolean {
	if (typeof value !== 'object' && typeof value !== 'function') return false;
	if (value === null) return false;
	const known = answers().get(value);
	if (known !== undefined) return known;
	const search = { seen: new Set<object>(), constant: true };
	const found = visit(value, search);
	// What was found in variables that change may be another thing at the next call.
	if (search.constant) answers().set(value, found);
	return found;
}

function visit(value: unknown, search: { seen: Set<object>; constant: boolean }): boolean {
	if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
	if (search.seen.has(value) || search.seen.size > DATA_LIMIT) return false;
	search.seen.add(value);
	if (isShareable(value)) return true;
	if (types.isProxy(value)) return false;
	if (builtinPath(value) !== undefined || types.isModuleNamespaceObject(value)) return false;
	if (typeof value === 'function') return visitFunction(value, search);
	search.constant = false;
	if (value instanceof Map) return [...value].flat().some((item) => visit(item, search));
	if (value instanceof Set) return [...value].some((item) => visit(item, search));
	if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return false;
	for (const property of Object.values(Object.getOwnPropertyDescriptors(value))) {
		if (visit(property.value, search)) return true;
	}
	return false;
}

function visitFunction(fn: object, search: { seen: Set<object>; constant: boolean }): boolean {
	if (packageExport(fn) !== undefined) return false;
	let readings: Reading[];
	try {
		const description = describe(fn);
		if (description.type === 'bound') {
			const { target, self, args } = description;
			return [target, self, ...args].some((item) => visit(item, search));
		}
		if (description.type !== 'source' || description.script.url.includes('/node_modules/')) return false;
		if (description.captures.some(({ constant }) => !constant)) search.constant = false;
		readings = readCaptures(fn, description);
	} catch {
		return false; // it cannot go by value, so nothing is gained by knowing
	}
	return readings.some(({ capture, value }) =>
		visit(capture.members === null ? value : divide(value, capture.members, isShareable), search),
	);
}
