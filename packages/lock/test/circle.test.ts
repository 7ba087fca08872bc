import { setTimeout } from 'node:timers/promises';
import { Lock, RLock, RWLock } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { type Started, start } from './support/workers.js';

const kinds = { Lock, RLock, RWLock };

/** Threads of which each has a lock; once told, each blocks for that of the next, the last for that of the first. */
async function circle(kind: keyof typeof kinds, count: number, options: (at: number) => object | undefined) {
	const locks = Array.from({ length: count }, (_, at) => new kinds[kind]({ name: `lock ${at}` }));
	const threads = locks.map((first, at) => {
		const second = locks[(at + 1) % count] as Lock | RLock | RWLock;
		return start('take-in-order', { kind, first, second, options: options(at) });
	});
	for (const thread of threads) await thread.next();
	return { locks, threads };
}

async function outcomes(threads: Started[]): Promise<{ refused: Record<string, string>[]; rest: unknown[] }> {
	for (const thread of threads) thread.tell('go on');
	const results = await Promise.all(threads.map((thread) => thread.next()));
	const isError = (result: unknown) => typeof result === 'object';
	return {
		refused: results.filter(isError) as Record<string, string>[],
		rest: results.filter((result) => !isError(result)),
	};
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])(
	'threads that block for one another over a %s',
	(kind) => {
		it.each([2, 3])('(%i of them) are told so: one gets an error, the others go on', async (count) => {
			const { locks, threads } = await circle(kind, count, () => undefined);
			const { refused, rest } = await outcomes(threads);
			expect(rest).toEqual(Array(count - 1).fill(true));
			expect(refused).toHaveLength(1);
			expect(refused[0]).toMatchObject({ name: 'DeadlockError', code: 'CONC_DEADLOCK' });
			expect(refused[0]?.message).toContain(`would never be free: ${count} threads wait for each other`);
			for (let at = 0; at < count; at++)
				expect(refused[0]?.message).toMatch(new RegExp(`waits for .*"lock ${at}"`));
			expect(refused[0]?.message).toContain('take-in-order.mjs:');
			for (const lock of locks) {
				const wanted = lock instanceof RWLock ? lock.write : lock;
				expect(await wanted.acquire({ timeout: 10_000 })).toBe(true);
			}
		});
	},
);

it('threads of which one waits for a limited time are no circle', async () => {
	const { threads } = await circle('Lock', 2, (at) => (at === 0 ? { timeout: 1_800 } : undefined));
	const { refused, rest } = await outcomes(threads);
	expect(refused).toEqual([]);
	expect(rest.sort()).toEqual([false, true]);
});

it('a long wait for one who is busy elsewhere is none', async () => {
	const [first, second] = [new Lock(), new Lock()];
	await second.acquire();
	const thread = start('take-in-order', { kind: 'Lock', first, second });
	await thread.next();
	thread.tell('go on');
	const own = first.acquire(); // the main thread waits as well, but does not block
	await setTimeout(1_600);
	second.release();
	expect(await thread.next()).toBe(true);
	expect(await own).toBe(true);
});
