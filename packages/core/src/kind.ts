/** What kind of value it is, for messages: `a string`, `an object`, `null`. */
export function kindOf(value: unknown): string {
	if (value === null || value === undefined) return String(value);
	const type = typeof value;
	return `${type === 'object' ? 'an' : 'a'} ${type}`;
}

/** Throws a TypeError that names what is given where it is not what it must be; nothing given is fine. */
export function checkKind(name: string, what: string, value: unknown, holds: boolean): void {
	if (value === undefined || holds) return;
	const found = typeof value === 'number' ? value : kindOf(value);
	throw new TypeError(`${name} must be ${what}, not ${found}`);
}

/** The same for an object, as options are. */
export function checkObject(name: string, value: unknown, example = ''): void {
	const isObject = typeof value === 'object' && value !== null;
	checkKind(name, `an object${example && ` ${example}`}`, value, isObject);
}

/** The same for one of several words. */
export function checkChoice(name: string, choices: readonly string[], value: unknown): void {
	if (choices.includes(value as string)) return;
	const words = choices.map((choice) => `'${choice}'`);
	const found = typeof value === 'string' ? `'${value}'` : kindOf(value);
	throw new TypeError(`${name} must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, not ${found}`);
}
