import { heading } from './machine.js';
import { figure, ratio } from './number.js';
import type { Rated, Result, Run } from './result.js';

/** A run as tables: one for each series, and one for all other cases. */
export function markdown({ date, rounds, machine, cases }: Run): string {
	const [where, versions] = heading(machine);
	const names = [...new Set(cases.flatMap(({ series }) => (series === undefined ? [] : [series.name])))];
	return [
		`Measured on ${date.slice(0, 10)} in one run of at most ${rounds} rounds a case: ${where}. Peers: ${versions}.`,
		...names.map((name) => `**${capital(name)}**\n\n${seriesTable(cases, name)}`),
		...caseTable(cases.filter(({ series }) => series === undefined)),
	].join('\n\n');
}

/** Contenders down, conditions across; below, what ours makes of the best peer. */
function seriesTable(all: Result[], name: string): string {
	const cases = all.filter(({ series }) => series?.name === name);
	const contenders = [...new Set(cases.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
	const cell = (result: Result, name: string) => {
		const found = result.contenders.find((one) => one.name === name);
		return found === undefined ? '' : shown(found, result);
	};
	const [ours] = contenders;
	return table(
		['', ...cases.map(({ series }) => series?.at ?? '')],
		[
			...contenders.map((name) => [name, ...cases.map((result) => cell(result, name))]),
			[
				`${ours}, of the best peer`,
				...cases.map(({ contenders }) => ratio(contenders.find(({ name }) => name === ours)?.besidePeer)),
			],
		],
	);
}

/** A line for each of ours. */
function caseTable(cases: Result[]): string[] {
	if (cases.length === 0) return [];
	const lines = cases.flatMap((result) => {
		const ours = result.contenders.filter(({ is }) => is === 'ours');
		const list = (is: Rated['is']) =>
			result.contenders
				.filter((one) => one.is === is)
				.toSorted((a, b) => (b.besidePeer ?? b.besideLimit ?? 0) - (a.besidePeer ?? a.besideLimit ?? 0))
				.map((one) => `${one.name} ${shown(one, result)}`)
				.join('<br>');
		return ours.map((one, at) => [
			at === 0 ? result.name : '',
			`${one.name} ${shown(one, result)}`,
			ratio(one.besidePeer),
			ratio(one.besideLimit),
			at === 0 ? list('limit') : '',
			at === 0 ? list('peer') : '',
		]);
	});
	return [table(['', 'ours', 'of the best peer', 'of the limit', 'limit', 'peers'], lines, ':--')];
}

function shown({ median, failure }: Rated, { unit }: Result): string {
	return failure === undefined ? figure(median, unit) : 'failed';
}

function table(titles: string[], lines: string[][], side = '--:'): string {
	const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
	return [row(titles), row(titles.map((_, at) => (at === 0 ? ':--' : side))), ...lines.map(row)].join('\n');
}

function capital(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
