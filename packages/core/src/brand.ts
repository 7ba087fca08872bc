const brandKey = Symbol.for('@conc/brand');

type Branded = { readonly [brandKey]?: string };
type Constructor = abstract new (...args: never[]) => object;

/** Makes `instanceof Class` true for instances of every copy of the class in this thread. Call it right after the class. */
export function brand(Class: Constructor, name: string): void {
	Object.defineProperty(Class.prototype, brandKey, { value: name });
	Object.defineProperty(Class, Symbol.hasInstance, { value: hasInstance, configurable: true });
}

/** The brands of a value, from its own class up: `['@conc/lock:BoundedSemaphore', '@conc/lock:Semaphore']`. */
export function brandsOf(value: unknown): string[] {
	const found: string[] = [];
	for (let at = prototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
		if (Object.hasOwn(at, brandKey)) found.push((at as Branded)[brandKey] as string);
	}
	return found;
}

function hasInstance(this: Constructor, value: unknown): boolean {
	// A subclass a user made inherits this method but has no brand of its own.
	if (!Object.hasOwn(this.prototype, brandKey))
		return Function.prototype[Symbol.hasInstance].call(this, value);
	return brandsOf(value).includes((this.prototype as Branded)[brandKey] as string);
}

function prototypeOf(value: unknown): object | null {
	if (value === null || typeof value !== 'object') return null;
	return Object.getPrototypeOf(value);
}
