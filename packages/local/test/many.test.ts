import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startThread } from '@conc/core';
import { Local } from '@conc/local';
import { expect, test } from 'vitest';

const THREADS = 100;
const AT_ONCE = 10;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Runs `use` with each number in a thread of its own, a few at a time, and ends that as told. */
async function inThreads<R>(use: (n: number) => R, end: 'by itself' | 'terminated'): Promise<Awaited<R>[]> {
	const results: Awaited<R>[] = [];
	const numbers = Array.from({ length: THREADS }, (_, n) => n).values();
	const one = async () => {
		for (const n of numbers) {
			const { host } = startThread({ name: `T${n}`, runs: 'many' }, []);
			results[n] = (await host.call(use, [n])) as Awaited<R>;
			if (end === 'terminated') await host.terminate();
			else host.end();
			await host.exited;
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, one));
	return results;
}

test('a hundred threads that set, read and clear see nothing of one another', async () => {
	const local = new Local<{ id: number }>();
	local.id = -1;
	const seen = await inThreads(async (n) => {
		const wrong: unknown[] = [];
		for (let round = 0; round < 100; round++) {
			if (local.id !== undefined) wrong.push(local.id);
			local.id = n * 1_000 + round;
			await new Promise((resolve) => setImmediate(resolve));
			if (local.id !== n * 1_000 + round) wrong.push(local.id);
			local.clear();
		}
		return wrong;
	}, 'by itself');
	expect(seen).toEqual(Array(THREADS).fill([]));
	expect(local.id).toBe(-1);
});

test.each(['by itself', 'terminated'] as const)(
	'the values of a hundred threads are gone with them: each ended %s',
	async (end) => {
		const MEGABYTES = 4;
		const local = new Local({
			init: () => ({ bytes: new Uint8Array(4 * 2 ** 20).fill(1) }),
			dispose: () => {},
		});
		const sizes = await inThreads(() => local.bytes.length / 2 ** 20, end);
		expect(sizes).toEqual(Array(THREADS).fill(MEGABYTES));
		// All of them together would be a hundred times as much. That they are never gone ends the test by its limit.
		do {
			await turn();
			collectGarbage();
		} while (process.memoryUsage().arrayBuffers > 10 * MEGABYTES * 2 ** 20);
	},
);
