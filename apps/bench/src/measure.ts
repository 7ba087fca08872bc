/** One system doing one thing. */
export interface Contender {
	readonly name: string;
	/** Does the thing once; gives how many operations that were, and how long they took if not all of the time. */
	run(): Promise<number | Timed> | number;
	close?(): Promise<void> | void;
}

interface Timed {
	readonly count: number;
	readonly ms: number;
}

/** Several systems doing the same thing, the first being ours. */
export interface Case {
	readonly name: string;
	/** `rate`: operations a second, more is better; `time`: milliseconds an operation, less is better. */
	readonly unit: 'rate' | 'time';
	/** What this machine lacks for it, if anything. */
	lacks?(): string | undefined;
	contenders(): Promise<Contender[]> | Contender[];
}

export interface Figure {
	readonly name: string;
	readonly median: number;
}

/**
 * Measures the contenders of a case in turns, so that whatever else the machine does falls on all of them alike, and
 * gives the median of each.
 */
export async function measure({ unit, contenders }: Case, rounds: number): Promise<Figure[]> {
	const all = await contenders();
	const seen = all.map(() => [] as number[]);
	for (let round = -1; round < rounds; round++) {
		for (const [at, contender] of all.entries()) {
			const start = performance.now();
			const done = await contender.run();
			const passed = performance.now() - start;
			const { count, ms } = typeof done === 'number' ? { count: done, ms: passed } : done;
			if (round >= 0) seen[at]?.push(unit === 'rate' ? (count / ms) * 1000 : ms / count); // the first round warms up
		}
	}
	for (const { close } of all) await close?.();
	return all.map(({ name }, at) => ({ name, median: median(seen[at] ?? []) }));
}

function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[sorted.length >> 1] ?? Number.NaN;
}
