import type { FarForm } from './far.js';

/** What other processes may do with an instance of a class, by the names of its members. */
export interface Operations {
	/** Asynchronous methods: the last argument is a WaitOptions. Each has a `…Sync` form on the other side. */
	readonly waits?: readonly string[];
	/** Of waits: the method that does the same at once; what it returns is true, or something, when it did. */
	readonly attempts?: Readonly<Record<string, string>>;
	/** Methods that return at once. */
	readonly calls?: readonly string[];
	/** Properties that are read. */
	readonly states?: readonly string[];
	/** Properties that are written, too. */
	readonly settings?: readonly string[];
	/** What is looked at before a member is used by one who may be any program: throws what is not to be taken from it. */
	readonly checks?: Readonly<Record<string, (args: readonly unknown[]) => void>>;
	/** Of members that take something away: the method that puts it back, where it does not arrive. */
	readonly restores?: Readonly<Record<string, string>>;
	/** Of waits that take hold of something: the method that lets go of it, where the answer to a wait does not arrive. */
	readonly undoes?: Readonly<Record<string, string>>;
	/** Properties that hold another object with operations of its own, and how the other side makes that. */
	readonly parts?: Readonly<Record<string, Part>>;
}

interface Part {
	/** The class of what the property holds. */
	readonly Class: () => object;
	/** Its form on the other side. */
	readonly form: () => FarForm<object>;
}

/** Where a class says which they are. */
export const operations: unique symbol = Symbol.for('@conc/operations') as never;

/**
 * What a blocking acquire looks at before it waits, as a method: true when it was acquired by that, and it throws where
 * the wait would never end.
 */
export const admit: unique symbol = Symbol.for('@conc/admit') as never;

export function operationsOf(Class: object): Operations {
	const found = (Class as { [operations]?: Operations })[operations];
	if (found === undefined) throw new TypeError(`${(Class as { name?: string }).name} has no operations`);
	return found;
}
