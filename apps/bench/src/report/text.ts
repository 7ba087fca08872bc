import { figure, ratio } from './number.js';
import type { Rated, Result } from './result.js';

/** A case as it is shown in a terminal. */
export function text({ name, unit, contenders }: Result): string {
	const width = Math.max(24, ...contenders.map(({ name }) => name.length));
	const has = (column: 'besidePeer' | 'besideLimit') =>
		contenders.some(({ [column]: value }) => value !== undefined);
	const columns = [
		...(has('besidePeer') ? [{ title: 'of best peer', of: (one: Rated) => ratio(one.besidePeer) }] : []),
		...(has('besideLimit') ? [{ title: 'of limit', of: (one: Rated) => ratio(one.besideLimit) }] : []),
	];
	const line = (first: string, second: string, others: string[]) =>
		`  ${first.padEnd(width)} ${second.padStart(10)}${others.map((other) => other.padStart(14)).join('')}`;
	const shown = contenders.map((one) =>
		one.failure === undefined
			? line(
					one.name,
					figure(one.median, unit),
					columns.map(({ of }) => of(one)),
				)
			: `  ${one.name.padEnd(width)} failed: ${one.failure}`,
	);
	const titles = columns.map(({ title }) => title);
	return [`\n${name}`, ...(titles.length > 0 ? [line('', '', titles)] : []), ...shown].join('\n');
}
