import { builtinPath } from '../capture/builtin.js';
import { describe } from '../capture/describe.js';
import { mapStack } from '../revive/source-map.js';
import type { GraphContext } from './context.js';

/** The classes of errors that are the same in every program. */
export const errorClasses: ReadonlySet<string> = new Set([
	...['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError'],
	'AggregateError',
]);

/** Describes an error whole: its class, its stack and every own property, `cause` and `errors` among them. */
export function encodeError(context: GraphContext, error: object): number {
	const index = context.reserve(error);
	const keys: [string, boolean][] = [];
	const values: unknown[] = [];
	context.specials[index] = {
		type: 'error',
		class: errorClass(context, error),
		stack: userStack(context, error),
		keys,
		values,
	};
	for (const key of Object.getOwnPropertyNames(error)) {
		if (key === 'stack') continue;
		const at = keys.push([key, Object.prototype.propertyIsEnumerable.call(error, key)]) - 1;
		context.trail.into(key, () => putLeniently(context, values, at, () => Reflect.get(error, key)));
	}
	return index;
}

/** The stack as the user knows the files, without the frames of the far side's own code. */
function userStack(context: GraphContext, error: object): string {
	let stack: unknown;
	attempt(
		context,
		() => {
			stack = Reflect.get(error, 'stack');
		},
		(reason) => {
			stack = reason;
		},
	);
	const lines = String(stack ?? '').split('\n');
	return mapStack(lines.filter((line) => !ownFrame.test(line)).join('\n'));
}

const ownFrame = /^\s+at .*conc:far:\d+:\d+\)?$/;

/** An error must arrive: what it drags along and cannot cross is named instead of sent. */
function putLeniently(context: GraphContext, values: unknown[], at: number, read: () => unknown): void {
	if (!context.lenient) return context.put(values, at, read());
	let what = 'what its getter gives';
	attempt(
		context,
		() => {
			const value = read();
			what = describeBriefly(value);
			context.put(values, at, value);
		},
		() => {
			values[at] = `[cannot cross: ${what}]`;
		},
	);
}

/** The nearest class up the chain that the other side can have. */
function errorClass(context: GraphContext, error: object): number {
	for (let at: object | null = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
		const Class: unknown = Object.hasOwn(at, 'constructor') ? Reflect.get(at, 'constructor') : undefined;
		if (typeof Class !== 'function' || Class.prototype !== at) continue;
		if (context.dataOnly) {
			if (errorClasses.has(Class.name) && Reflect.get(globalThis, Class.name) === Class)
				return context.specials.push({ type: 'builtin', module: '', path: [Class.name] }) - 1;
			if (describe(Class).type === 'native') continue;
			return context.trail.into('constructor', () => context.special(Class));
		}
		if (builtinPath(Class) !== undefined) return context.special(Class);
		// Classes of Node's own errors have no name; what they extend has.
		if (!context.lenient && describe(Class).type !== 'native') return context.special(Class);
		let found = -1;
		attempt(
			context,
			() => {
				found = context.special(Class);
			},
			() => {},
		);
		if (found !== -1) return found;
	}
	return context.dataOnly
		? context.specials.push({ type: 'builtin', module: '', path: ['Error'] }) - 1
		: context.special(Error);
}

/** Runs `visit`; when it fails in an error that must arrive, takes back what it added and runs `otherwise`. */
function attempt(context: GraphContext, visit: () => void, otherwise: (reason: string) => void): void {
	if (!context.lenient) return visit();
	const undo = context.checkpoint();
	try {
		visit();
	} catch (failure) {
		undo();
		otherwise(describeBriefly(failure));
	}
}

/** What a value is, in a word or two, whatever it does when it is looked at. */
function describeBriefly(value: unknown): string {
	if (typeof value === 'symbol' || (typeof value !== 'object' && typeof value !== 'function'))
		return String(value);
	try {
		if (typeof value === 'function') return `function ${value.name}`;
		return value?.constructor.name ?? 'null';
	} catch {
		return 'object';
	}
}
