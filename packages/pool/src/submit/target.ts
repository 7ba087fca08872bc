import { kindOf } from '@conc/core';

export type Target = (...args: never[]) => unknown;

const generators = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);

export function checkFunction(fn: Target): void {
	if (typeof fn !== 'function') throw new TypeError(`fn must be a function, not ${kindOf(fn)}`);
}

/** Throws a TypeError on what no worker can run as one task. */
export function checkTarget(fn: Target): void {
	checkFunction(fn);
	if (!generators.has(Reflect.get(fn, Symbol.toStringTag))) return;
	throw new TypeError(
		`${fn.name || 'the function'} is a generator: stream() runs it in a worker and hands over its items`,
	);
}
