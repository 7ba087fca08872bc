// Functions that are done in no time, but for some calls of them. They capture nothing: a pool knows how long calls take
// of a function that is the same at each.

/** Lets pools learn that calls of a function are done in no time: then they are given to workers ahead of time. */
export async function warm(call: () => Promise<unknown>): Promise<void> {
	for (let round = 0; round < 8; round++) await Promise.all(Array.from({ length: 50 }, call));
}

/** Done at once where it has no gate; else it waits there, and keeps its worker from everything if it is busy. */
export function hold(begun?: string, gate?: string, isBusy?: boolean): Promise<void> | undefined {
	if (begun === undefined || gate === undefined) return undefined;
	const { existsSync, renameSync, writeFileSync } = process.getBuiltinModule('node:fs');
	writeFileSync(`${begun}.part`, String(process.pid));
	renameSync(`${begun}.part`, begun);
	if (isBusy) while (!existsSync(gate));
	const pass = async () => {
		while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 2));
	};
	return pass();
}

/** Notes in a file that it ran, if there is one; at the word `die` its worker ends. */
export function note(path?: string, word?: string | number): string | number | undefined {
	if (path === undefined) return undefined;
	process.getBuiltinModule('node:fs').appendFileSync(path, `${word}\n`);
	if (word !== 'die') return word;
	if (process.getBuiltinModule('node:worker_threads').isMainThread) process.kill(process.pid, 'SIGKILL');
	process.exit(3);
}
