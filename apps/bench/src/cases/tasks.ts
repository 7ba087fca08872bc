import { Pool, ThreadPool } from '@conc/pool';
import { Piscina } from 'piscina';
import type { Case, Contender } from '../measure.js';

const WORKERS = 2;
const TASKS = 5_000;

type Run = (n: number) => Promise<unknown>;

/** `n => n + 1`, a promise each, so many of them under way at once. */
export function tasksInFlight(inFlight: number): Case {
	return {
		name: `tasks a second, ${inFlight} in flight, ${WORKERS} workers`,
		unit: 'rate',
		contenders: () => {
			const threads = new ThreadPool(WORKERS);
			const processes = new Pool(WORKERS);
			const piscina = new Piscina({
				filename: new URL('./cases/piscina-task.js', import.meta.url).href,
				minThreads: WORKERS,
				maxThreads: WORKERS,
			});
			const next = (n: number) => n + 1;
			return [
				contender(
					'ThreadPool',
					inFlight,
					(n) => threads.apply(next, [n]),
					() => threads.terminate(),
				),
				contender(
					'Pool',
					inFlight,
					(n) => processes.apply(next, [n]),
					() => processes.terminate(),
				),
				contender(
					'piscina',
					inFlight,
					(n) => piscina.run(n),
					() => piscina.destroy(),
				),
			];
		},
	};
}

function contender(name: string, inFlight: number, run: Run, close: () => Promise<void>): Contender {
	return {
		name,
		close,
		async run() {
			let next = 0;
			const lane = async () => {
				while (next < TASKS) await run(next++);
			};
			await Promise.all(Array.from({ length: inFlight }, lane));
			return TASKS;
		},
	};
}

/** One map over many small items. */
export const bigMap: Case = {
	name: 'map over 100,000 integers',
	unit: 'time',
	contenders: () => {
		const threads = new ThreadPool(WORKERS);
		const processes = new Pool(WORKERS);
		const items = Array.from({ length: 100_000 }, (_, n) => n);
		const once = (map: Promise<unknown>) => map.then(() => 1);
		return [
			{
				name: 'ThreadPool',
				run: () => once(threads.map((n) => n + 1, items)),
				close: () => threads.terminate(),
			},
			{
				name: 'Pool',
				run: () => once(processes.map((n) => n + 1, items)),
				close: () => processes.terminate(),
			},
		];
	},
};
