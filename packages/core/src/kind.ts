/** What kind of value it is, for messages: `a string`, `an object`, `null`. */
export function kindOf(value: unknown): string {
	if (value === null) return 'null';
	const type = typeof value;
	return `${type === 'object' || type === 'undefined' ? 'an' : 'a'} ${type}`;
}
