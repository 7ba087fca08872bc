import type { Case, Figure } from '../measure.js';
import type { Machine } from './machine.js';

/** A whole run, as `--json` writes it. */
export interface Run {
	readonly date: string;
	readonly rounds: number;
	readonly machine: Machine;
	readonly cases: Result[];
}

/** What a case came to. */
export interface Result extends Pick<Case, 'name' | 'unit' | 'series'> {
	readonly better: 'more' | 'less';
	readonly contenders: Rated[];
}

/** How many times as good as the best peer, and as the best limit, where the case has one. */
export interface Rated extends Figure {
	readonly besidePeer?: number;
	readonly besideLimit?: number;
}

export function rate({ name, unit, series }: Case, figures: Figure[]): Result {
	const goodness = ({ median }: Figure) => (unit === 'rate' ? median : 1 / median);
	const best = (is: Figure['is']) =>
		figures
			.filter((figure) => figure.is === is && figure.failure === undefined)
			.map(goodness)
			.reduce<number | undefined>((best, one) => (best === undefined || one > best ? one : best), undefined);
	const [peer, limit] = [best('peer'), best('limit')];
	return {
		name,
		unit,
		...(series === undefined ? {} : { series }),
		better: unit === 'rate' ? 'more' : 'less',
		contenders: figures.map((figure) => ({
			...figure,
			...(peer === undefined ? {} : { besidePeer: goodness(figure) / peer }),
			...(limit === undefined ? {} : { besideLimit: goodness(figure) / limit }),
		})),
	};
}
