import type { Template } from '../capture/template.js';
import { realm } from '../realm.js';

/** A function that came from another thread, so that it can be sent on without being taken apart again. */
export interface Revived {
	readonly template: Template;
	/** The present values of its captured variables, in the order of `template.names`. */
	read(): unknown[];
	write(values: unknown[]): void;
	/** One object for each captured variable; functions that share a variable have the same one. */
	readonly cells: readonly Cell[];
}

export interface Cell {
	/** Some code gives it a new value. */
	readonly assigned: boolean;
}

const revived = () => realm('revived functions', () => new WeakMap<object, Revived>());

export function revivedOf(fn: object): Revived | undefined {
	return revived().get(fn);
}

export function noteRevived(fn: object, record: Revived): void {
	revived().set(fn, record);
}
