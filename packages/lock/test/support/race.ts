import { crossing, start } from './workers.js';

/** How often each outcome was seen. */
export type Outcomes = Record<string, number>;

/**
 * Runs a tiny program (fixtures/races) in as many threads as there are actors, so many rounds from a common start each:
 * what can go wrong does so in a few of them.
 */
export async function race(
	program: string,
	actors: number,
	rounds: number,
	data: Record<string, unknown>,
): Promise<Outcomes> {
	const gate = new Int32Array(new SharedArrayBuffer(8));
	const started = Array.from({ length: actors }, (_, actor) =>
		start('race', { program, actor, actors, rounds, gate, data: crossing(data) }),
	);
	const outcomes: Outcomes = {};
	for (const thread of started) {
		for (const [outcome, count] of Object.entries((await thread.next()) as Outcomes))
			outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
		await thread.end();
	}
	return outcomes;
}
