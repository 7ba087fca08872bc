import type { Contender } from '../measure.js';
import type { Calls } from '../peers/peer.js';

const ROUND = 400; // milliseconds
const WARM_UP = 1_000; // what the engine needs to compile all that runs often, whoever's it is
const FEWEST = 1_000;
const MOST = 1_000_000;

/** Keeps so many calls under way; a round goes on for about as long whoever runs it. */
export function flowing(calls: Calls, inFlight: number, value: (n: number) => unknown): Contender['run'] {
	let count = FEWEST;
	let least = WARM_UP;
	return async () => {
		let started = 0;
		let end = 0;
		const lane = async () => {
			while (started < end) await calls.call(value(started++));
		};
		const start = performance.now();
		let passed = 0;
		while (passed < least) {
			end += count;
			await Promise.all(Array.from({ length: inFlight }, lane));
			passed = performance.now() - start;
			count = Math.max(FEWEST, Math.min(MOST, Math.round((started / passed) * ROUND)));
		}
		least = ROUND / 2;
		return started;
	};
}

/** One call at a time, so many; the median of what they took. */
export function oneByOne(count: number, trip: () => PromiseLike<unknown> | unknown): Contender['run'] {
	return async () => {
		const seen = new Float64Array(count);
		for (let i = 0; i < count; i++) {
			const start = performance.now();
			await trip();
			seen[i] = performance.now() - start;
		}
		return { figure: seen.sort()[count >> 1] ?? Number.NaN };
	};
}
