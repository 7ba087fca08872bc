/** Own `__proto__` keys stay what they are: data. */
export function define(holder: object, key: string | number, value: unknown): void {
	if (key !== '__proto__') (holder as Record<string | number, unknown>)[key] = value;
	else Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
