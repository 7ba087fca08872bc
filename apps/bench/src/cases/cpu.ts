import { type Case, type Contender, median } from '../measure.js';
import { field, WORKERS } from '../peers/field.js';
import { type Kind, plural } from '../peers/peer.js';
import { raw } from '../peers/raw.js';
import { fib, spin, type TaskName } from '../tasks.js';

const FIBS = 100;
const LOAD = 400;
const LONG = LOAD / 20;
const LONG_MS = 50;

/** So much to compute that the pool hardly matters. */
export function cpuBound(kind: Kind): Case {
	const numbers: number[] = new Array(FIBS).fill(30);
	return {
		name: `100 times fib(30), ${plural(kind)}`,
		unit: 'time',
		rounds: 3,
		contenders: async () => [
			...(await field(kind, { task: 'fib', closure: fib }, (calls) => async () => {
				await Promise.all(numbers.map((n) => calls.call(n)));
				return 1;
			})),
			unpooled(kind, 'fib', numbers),
		],
	};
}

/** One task in twenty takes 50 ms, the others nothing; all are there at once, in an order that is the same for all. */
export function unevenLoad(kind: Kind): Case {
	return {
		name: `uneven load: 20 tasks of 50 ms among 400, ${plural(kind)}`,
		unit: 'time',
		rounds: 3,
		contenders: async () => {
			const long = stepsIn(LONG_MS);
			const load = shuffled(Array.from({ length: LOAD }, (_, n) => (n < LONG ? long : 1)));
			return [
				...(await field(kind, { task: 'spin', closure: spin }, (calls) => async () => {
					await Promise.all(load.map((steps) => calls.call(steps)));
					return 1;
				})),
				unpooled(
					kind,
					'spin',
					load.toSorted((a, b) => b - a),
				),
			];
		},
	};
}

/** Dealt out evenly beforehand to workers with no pool: as fast as it gets on this machine at this moment. */
function unpooled(kind: Kind, task: TaskName, values: number[]): Contender {
	const workers = raw(kind, WORKERS);
	const shares = Array.from({ length: WORKERS }, (_, worker) =>
		values.filter((_, n) => n % WORKERS === worker),
	);
	return {
		name: `raw ${plural(kind)}, dealt out evenly`,
		is: 'limit',
		async run() {
			await workers.each(task, shares);
			return 1;
		},
		close: () => workers.close(),
	};
}

function stepsIn(ms: number): number {
	const steps = 10_000_000;
	const took = Array.from({ length: 11 }, () => {
		const start = performance.now();
		spin(steps);
		return performance.now() - start;
	});
	return Math.round((steps * ms) / median(took));
}

/** By chance, but by the same chance in every run. */
function shuffled<T>(values: T[]): T[] {
	let seed = 1;
	const chance = () => {
		seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return seed;
	};
	return values
		.map((value) => ({ value, at: chance() }))
		.sort((a, b) => a.at - b.at)
		.map(({ value }) => value);
}
