import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const START = '<!-- figures -->';
const END = '<!-- end of figures -->';

/** Puts it into a file between two marks, and leaves the rest of the file; where there are none, it is the file. */
export function putBetween(file: string, text: string): void {
	const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
	const [start, end] = [before.indexOf(START), before.indexOf(END)];
	writeFileSync(
		file,
		start === -1 || end < start
			? `${text}\n`
			: `${before.slice(0, start)}${START}\n\n${text}\n\n${before.slice(end)}`,
	);
}
