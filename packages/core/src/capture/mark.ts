import { checkObject, kindOf } from '../kind.js';
import { realm } from '../realm.js';

/** Where to find a function that no inspector needs to look for. */
export interface ExplicitReference {
	/** The URL of the module, `import.meta.url` in the module itself. */
	readonly module: string;
	readonly export: string;
}

export type Mark =
	| { readonly by: 'reference'; readonly at: ExplicitReference | undefined }
	| { readonly by: 'value' };

const marks = () => realm('marks', () => new WeakMap<object, Mark>());

export function markOf(fn: object): Mark | undefined {
	return marks().get(fn);
}

/** The export a function was said to be. */
export function explicitReference(fn: object): ExplicitReference | undefined {
	const mark = markOf(fn);
	return mark?.by === 'reference' ? mark.at : undefined;
}

/**
 * Makes a function cross by reference: the other side imports its module and takes the export.
 *
 * With `{ module, export }` it is taken from there and nothing is looked up, which is the way where there is no
 * inspector; without, it must be an export of a module other than the program's entry, else the call that sends it
 * throws a CaptureError. Its module's variables are fresh on the other side. Returns `fn`.
 */
export function byReference<F extends (...args: never[]) => unknown>(fn: F, at?: ExplicitReference): F {
	checkFunction('byReference', fn);
	checkObject('at', at, 'such as { module: import.meta.url, export: "name" }');
	for (const key of at === undefined ? [] : (['module', 'export'] as const))
		if (typeof at?.[key] !== 'string')
			throw new TypeError(`at.${key} must be a string, not ${kindOf(at?.[key])}`);
	marks().set(fn, { by: 'reference', at });
	return fn;
}

/** Makes a function cross by value, with the variables it captures, also where it could go by reference. Returns `fn`. */
export function byValue<F extends (...args: never[]) => unknown>(fn: F): F {
	checkFunction('byValue', fn);
	marks().set(fn, { by: 'value' });
	return fn;
}

export function checkFunction(name: string, fn: unknown): void {
	if (typeof fn !== 'function') throw new TypeError(`${name} takes a function, not ${kindOf(fn)}`);
}
