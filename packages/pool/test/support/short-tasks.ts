// Functions that are done in no time, but for some calls of them. They capture nothing: a pool knows how long calls take
// of a function that is the same at each.

/** Where and when a call ran. */
interface Ran {
	readonly worker: string;
	readonly at: number;
}

/**
 * Lets pools learn that calls of a function are done in no time: then they are given to workers ahead of time. One that
 * was held up, as it happens on a busy machine, is forgotten only after many others; that is seen of `hold` and `note`.
 */
export async function warm(call: () => Promise<unknown>): Promise<void> {
	let ran: unknown[] = [];
	for (let round = 0; round < 8 || (wasAnyHeldUp(ran) && round < 500); round++)
		ran = await Promise.all(Array.from({ length: 50 }, call));
}

/** Whether too much time was between two calls that a worker ran one after the other. */
function wasAnyHeldUp(calls: readonly unknown[]): boolean {
	const last = new Map<string, number>();
	return calls.some((call) => {
		const { worker = '', at = Number.NaN } = Object(call) as Partial<Ran>;
		const before = last.get(worker) ?? at;
		last.set(worker, at);
		return at - before > 0.1;
	});
}

/** Done at once where it has no gate; else it waits there, and keeps its worker from everything if it is busy. */
export function hold(begun?: string, gate?: string, isBusy?: boolean): Promise<void> | Ran {
	if (begun === undefined || gate === undefined) {
		const { threadId } = process.getBuiltinModule('node:worker_threads');
		return { worker: `${process.pid}/${threadId}`, at: performance.now() };
	}
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
export function note(path?: string, word?: string | number): string | number | Ran | undefined {
	if (path === undefined) {
		const { threadId } = process.getBuiltinModule('node:worker_threads');
		return { worker: `${process.pid}/${threadId}`, at: performance.now() };
	}
	process.getBuiltinModule('node:fs').appendFileSync(path, `${word}\n`);
	if (word !== 'die') return word;
	if (process.getBuiltinModule('node:worker_threads').isMainThread) process.kill(process.pid, 'SIGKILL');
	process.exit(3);
}
