import { builtinPath } from '../capture/builtin.js';
import { CannotCross } from '../errors.js';
import { mapStack } from '../revive/source-map.js';
import type { GraphContext } from './encode-function.js';

/** Describes an error whole: its class, its stack and every own property, `cause` and `errors` among them. */
export function encodeError(context: GraphContext, error: object): number {
	const index = context.reserve(error);
	const keys: [string, boolean][] = [];
	const values: unknown[] = [];
	context.specials[index] = {
		type: 'error',
		class: errorClass(context, error),
		stack: mapStack(String((error as Error).stack ?? '')),
		keys,
		values,
	};
	for (const key of Object.getOwnPropertyNames(error)) {
		if (key === 'stack') continue;
		const at = keys.push([key, Object.prototype.propertyIsEnumerable.call(error, key)]) - 1;
		const value: unknown = Reflect.get(error, key);
		context.trail.into(key, () => putLeniently(context, values, at, value));
	}
	return index;
}

/** An error must arrive: what it drags along and cannot cross is named instead of sent. */
function putLeniently(context: GraphContext, values: unknown[], at: number, value: unknown): void {
	if (!context.lenient) return context.put(values, at, value);
	attempt(context, () => context.put(values, at, value), () => {
		values[at] = `[cannot cross: ${describeBriefly(value)}]`;
	});
}

/** The nearest class up the chain that the other side can have. */
function errorClass(context: GraphContext, error: object): number {
	for (let at: object | null = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
		const Class: unknown = Object.hasOwn(at, 'constructor') ? Reflect.get(at, 'constructor') : undefined;
		if (typeof Class !== 'function' || Class.prototype !== at) continue;
		if (builtinPath(Class) !== undefined || !context.lenient) return context.special(Class);
		let found = -1;
		attempt(context, () => {
			found = context.special(Class);
		}, () => {});
		if (found !== -1) return found;
	}
	return context.special(Error);
}

/** Runs `visit`; when something in it cannot cross, takes back what it added and runs `otherwise`. */
function attempt(context: GraphContext, visit: () => void, otherwise: () => void): void {
	const undo = context.checkpoint();
	try {
		visit();
	} catch (refusal) {
		if (!(refusal instanceof CannotCross)) throw refusal;
		undo();
		otherwise();
	}
}

function describeBriefly(value: unknown): string {
	if (typeof value === 'function') return `function ${value.name}`;
	return typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : String(value);
}
