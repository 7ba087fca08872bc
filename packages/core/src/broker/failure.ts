import { brandsOf } from '../brand.js';
import { errorClasses } from '../codec/encode-error.js';
import { loadPackage } from '../packages.js';

/** An error as data: nothing in it is code. */
export interface Failure {
	/** The brand of a class of a @conc package, the name of one of JavaScript's, else empty. */
	readonly class: string;
	readonly name: string;
	readonly message: string;
	readonly stack: string;
	/** Its other own properties, as far as they are short values. */
	readonly own: Readonly<Record<string, unknown>>;
}

export function failureOf(error: unknown): Failure {
	if (!(error instanceof Error))
		return { class: '', name: 'Error', message: String(error), stack: '', own: {} };
	const { name, message } = error;
	const own = Object.entries(error).filter(([key, value]) => key !== 'name' && isShort(value));
	const kind = brandsOf(error)[0] ?? error.constructor.name;
	return { class: kind, name, message, stack: String(error.stack), own: Object.fromEntries(own) };
}

export function errorOf({ class: kind, name, message, stack, own }: Failure): Error {
	const error = Object.setPrototypeOf(new Error(message), prototypeOf(kind)) as Error;
	const hidden = (value: unknown) => ({ value, writable: true, configurable: true, enumerable: false });
	Object.defineProperty(error, 'stack', hidden(String(stack)));
	if (error.name !== name) Object.defineProperty(error, 'name', hidden(String(name)));
	return Object.assign(error, own);
}

/** Of a class that both sides know; else of Error, under the name it had. */
function prototypeOf(kind: string): object {
	if (errorClasses.has(kind)) return (Reflect.get(globalThis, kind) as typeof Error).prototype;
	const [name = '', member = ''] = kind.split(':');
	if (!name.startsWith('@conc/')) return Error.prototype;
	try {
		const found = loadPackage(name)[member] as { prototype?: unknown } | undefined;
		if (found?.prototype instanceof Error) return found.prototype;
	} catch {
		// a package this side does not have
	}
	return Error.prototype;
}

function isShort(value: unknown): boolean {
	return value === null || typeof value !== 'object'
		? typeof value !== 'function' && typeof value !== 'symbol'
		: value instanceof Date;
}
