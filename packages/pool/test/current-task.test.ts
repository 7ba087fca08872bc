import { existsSync } from 'node:fs';
import { CancelledError, currentTask } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark } from './fixtures/tasks.mjs';
import { drain, errorOf, files, kinds, track, whoami } from './support/pools.js';
import { result } from './support/programs.js';

const _numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A wait that nothing cuts short: a task that ends within it ends by itself. */
const NEVER = 2 ** 31;

/** To be run by a worker: looks at its signal, says that it does, and ends when it is aborted. */
async function _heed(begun: string, told: string) {
	const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
	currentTask()?.progress('listens');
	mark(begun);
	await new Promise((resolve) => signal.addEventListener('abort', resolve));
	mark(told);
	return 'which nobody gets';
}

/** Resolves with the options of a call that says when it has begun to listen. */
function listening() {
	let onProgress: (value: unknown) => void = () => {};
	const listens = new Promise((resolve) => {
		onProgress = resolve;
	});
	return { listens, onProgress: (value: unknown) => onProgress(value) };
}

describe.each(kinds)('the currentTask() of a $name', ({ name, Kind }) => {
	it('leaves what an onProgress throws an uncaught exception, which the task knows nothing of', async () => {
		expect(await result('progress-throws.mjs', [name])).toEqual(['done', 'uncaught: onProgress threw']);
	});

	it('gives a task one gracePeriod, however often it is cancelled', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 300 }));
		const deaf = () => {
			currentTask()?.signal;
			currentTask()?.progress('listens');
			return new Promise(() => {});
		};
		const { listens, onProgress } = listening();
		const call = pool.applyAsync(deaf, [], { onProgress });
		await listens;
		const again = setInterval(() => call.cancel(), 10);
		expect(await errorOf(call)).toBeInstanceOf(CancelledError);
		clearInterval(again);
	});

	it('lets a stream that listens close its generator, wherever it is', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
		const file = files();
		const worker = await pool.apply(whoami);
		async function* listens(closed: string, hangs: boolean) {
			const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
			try {
				yield 1;
				if (hangs) await new Promise((resolve) => signal.addEventListener('abort', resolve));
				for (;;) yield 2;
			} finally {
				mark(closed);
			}
		}
		for (const hangs of [true, false]) {
			// It waits for its consumer, or for something else.
			const controller = new AbortController();
			const { signal } = controller;
			const options = { signal, buffersize: hangs ? 5 : 1 };
			const items = pool.stream(listens, [file(`aborted ${hangs}`), hangs], options);
			expect(await items.next()).toEqual({ done: false, value: 1 });
			controller.abort(new Error('enough'));
			expect((await drain(items)).error).toBe(signal.reason);
			expect(existsSync(file(`aborted ${hangs}`))).toBe(true);

			const left = pool.stream(listens, [file(`left ${hangs}`), hangs], { buffersize: 1 });
			for await (const _ of left) break;
			expect(existsSync(file(`left ${hangs}`))).toBe(true);
		}
		expect(await pool.apply(whoami)).toBe(worker);
	});
});
