import { within } from './within.js';

const TOO_LONG = 60_000; // milliseconds for one run
const TOO_LONG_TO_CLOSE = 3_000; // there are peers that sometimes never come back from it

/** One system doing one thing. */
export interface Contender {
	readonly name: string;
	/** `limit`: not a competitor, but what the machine or Node gives without any of us. */
	readonly is: 'ours' | 'peer' | 'limit';
	/** Does the thing once; gives how many operations that were, and how long they took if not all of the time. */
	run(): Promise<number | Timed | Read> | number | Timed;
	close?(): PromiseLike<unknown> | undefined;
}

interface Timed {
	readonly count: number;
	readonly ms: number;
}

/** A figure already in the unit of the case. */
interface Read {
	readonly figure: number;
}

/** `rate`: operations a second, more is better; `time`: milliseconds an operation, and `bytes`: less is better. */
export type Unit = 'rate' | 'time' | 'bytes';

/** Several systems doing the same thing, ours first. */
export interface Case {
	readonly name: string;
	readonly unit: Unit;
	/** The table it is a column of, when the same is measured under several conditions. */
	readonly series?: { readonly name: string; readonly at: string };
	/** How often it is measured at most, where once takes long. */
	readonly rounds?: number;
	/** False where its contenders see to it that they are warm. */
	readonly warm?: boolean;
	/** What this machine lacks for it, if anything. */
	lacks?(): string | undefined;
	contenders(): Promise<Contender[]> | Contender[];
}

export interface Figure {
	readonly name: string;
	readonly is: Contender['is'];
	readonly median: number;
	/** Why there is no median. */
	readonly failure?: string;
}

/**
 * Measures the contenders of a case in turns, so that whatever else the machine does falls on all of them alike, and
 * gives the median of each. One that fails is left out from then on.
 */
export async function measure(one: Case, asked: number): Promise<Figure[]> {
	const all = (await one.contenders()).map((contender) => ({ contender, seen: [] as number[], failure: '' }));
	const rounds = Math.min(asked, one.rounds ?? asked);
	for (let round = one.warm === false ? 0 : -1; round < rounds; round++) {
		for (const each of all) {
			if (each.failure !== '') continue;
			try {
				const figure = await within(TOO_LONG, once(each.contender, one.unit));
				if (round >= 0) each.seen.push(figure); // the first round warms up
			} catch (error) {
				each.failure = String(error);
			}
		}
	}
	for (const { contender } of all) await within(TOO_LONG_TO_CLOSE, contender.close?.()).catch(() => {});
	return all.map(({ contender: { name, is }, seen, failure }) => ({
		name,
		is,
		median: failure === '' ? median(seen) : Number.NaN,
		...(failure === '' ? {} : { failure }),
	}));
}

async function once({ run }: Contender, unit: Unit): Promise<number> {
	const start = performance.now();
	const done = await run();
	const passed = performance.now() - start;
	if (typeof done === 'object' && 'figure' in done) return done.figure;
	const { count, ms } = typeof done === 'number' ? { count: done, ms: passed } : done;
	return unit === 'rate' ? (count / ms) * 1000 : ms / count;
}

export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
	return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
