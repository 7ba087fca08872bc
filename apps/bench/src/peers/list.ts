import { echo, fib, next, spin } from '../tasks.js';

export interface List {
	readonly task: 'next' | 'echo' | 'fib' | 'spin';
	readonly values: number[];
}

const tasks: Record<List['task'], (value: number) => number> = { next, echo, fib, spin };

/** Does all of a list, and gives the last result. */
export function doAll({ task, values }: List): number | undefined {
	let last: number | undefined;
	for (const value of values) last = tasks[task](value);
	return last;
}
