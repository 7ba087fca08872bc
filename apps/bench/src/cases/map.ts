import { Pool, ThreadPool } from '@conc/pool';
import type { Case, Contender } from '../measure.js';
import { WORKERS } from '../peers/field.js';
import { inPython } from './cpython.js';

const ITEMS = 100_000;

/** One map over many small items; of the peers only Python has one. */
export const bigMap: Case = {
	name: 'map over 100,000 integers',
	unit: 'time',
	contenders: () => [
		mapping('ThreadPool', new ThreadPool(WORKERS)),
		mapping('Pool', new Pool(WORKERS)),
		...inPython('multiprocessing.Pool.map', [ITEMS], 1),
		...inPython('ProcessPoolExecutor.map', [ITEMS], 1),
	],
};

function mapping(name: string, pool: Pool | ThreadPool): Contender {
	const items = Array.from({ length: ITEMS }, (_, n) => n);
	return {
		name,
		is: 'ours',
		async run() {
			await pool.map((n: number) => n + 1, items);
			return 1;
		},
		close: () => pool.terminate(),
	};
}
