import type { Case } from '../measure.js';
import { field } from '../peers/field.js';
import { type Calls, type Kind, plural } from '../peers/peer.js';
import { inPython } from './cpython.js';
import { flowing, oneByOne } from './flow.js';

const AT_ONCE = 100_000;
const WARMING = 2_000;
const TRIPS = 2_000;
const PYTHON_TASKS = 5_000;

const next = { task: 'next', closure: (n: number) => n + 1 } as const;

/** `n => n + 1`, a promise each, so many of them under way at any moment. */
export function tasksInFlight(kind: Kind, inFlight: number): Case {
	return {
		name: `tasks, ${plural(kind)}, ${inFlight} in flight`,
		series: { name: `tasks a second by how many are in flight, ${plural(kind)}`, at: String(inFlight) },
		unit: 'rate',
		contenders: async () => [
			...(await field(kind, next, (calls) => flowing(calls, inFlight, (n) => n))),
			...(kind === 'process' ? python(PYTHON_TASKS, inFlight) : []),
		],
	};
}

/** A promise each again, but all at one moment. */
export function tasksAtOnce(kind: Kind): Case {
	const without = ['multithreading']; // has room for 65,536, and never comes back to the others
	return {
		name: `100,000 tasks at once, ${plural(kind)}`,
		unit: 'time',
		rounds: 1,
		warm: false,
		contenders: async () => [
			...(await field(kind, { ...next, without }, (calls) => async () => {
				await all(calls, WARMING);
				const start = performance.now();
				await all(calls, AT_ONCE);
				return { count: 1, ms: performance.now() - start };
			})),
			...(kind === 'process' ? python(AT_ONCE, AT_ONCE, 1) : []),
		],
	};
}

function all({ call }: Calls, count: number): Promise<unknown> {
	return Promise.all(Array.from({ length: count }, (_, n) => call(n)));
}

function python(tasks: number, inFlight: number, count = tasks) {
	return ['multiprocessing.Pool.apply_async', 'ProcessPoolExecutor.submit'].flatMap((what) =>
		inPython(what, [tasks, inFlight], count),
	);
}

/** Each called when the one before is back. */
export function roundTrip(kind: Kind): Case {
	return {
		name: `round trip of one task, ${plural(kind)}`,
		unit: 'time',
		contenders: async () => [
			...(await field(kind, next, (calls) => oneByOne(TRIPS, () => calls.call(1)))),
			...(kind === 'process' ? inPython('multiprocessing.Pool.apply', [TRIPS], 1) : []),
		],
	};
}
