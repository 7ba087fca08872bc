import { existsSync } from 'node:fs';
import { CancelledError, PoolTerminatedError, TimeoutError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, there, track, until } from './support/pools.js';
import { hold, warm } from './support/short-tasks.js';

// A task that was expected to be short takes long after all, and others were given to its worker behind it.

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** How a task can wait: while nothing else runs in its worker, or in turns of the event loop. */
const ways = [
	{ way: 'without a pause', isBusy: true },
	{ way: 'in turns', isBusy: false },
];

describe.each(kinds)('a task of a $name that takes long after all', ({ name, Kind }) => {
	it.each(ways)('keeps no answer of a task before it ($way)', async ({ isBusy }) => {
		const pool = track(new Kind(1));
		const file = files();
		for (const n of numbers(3)) {
			await warm(() => pool.apply(hold));
			await new Promise((resolve) => setTimeout(resolve, 5)); // its worker is asleep
			const before = pool.apply(hold);
			const long = pool.apply(hold, [file(`begun ${n}`), file(`gate ${n}`), isBusy]);
			await before;
			mark(file(`gate ${n}`));
			await long;
		}
	});

	it.each(ways)('is stopped at its timeout, whatever was before it ($way)', async ({ isBusy }) => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		await new Promise((resolve) => setTimeout(resolve, 5)); // its worker is asleep
		const before = pool.apply(hold);
		const endless = pool.apply(hold, [file('begun'), file('never'), isBusy], { timeout: 100 });
		expect(await errorOf(endless)).toBeInstanceOf(TimeoutError);
		await before;
		await pool.apply(hold);
	});

	it.each(ways)('holds up nothing that another worker can do ($way)', async ({ isBusy }) => {
		const pool = track(new Kind(2));
		const file = files();
		const both = numbers(2).map((n) => pool.apply(hold, [file(n), file('first gate')]));
		await there(file(0), file(1));
		mark(file('first gate'));
		await Promise.all(both);
		await warm(() => pool.apply(hold));
		const long = pool.apply(hold, [file('begun'), file('gate'), isBusy]);
		// A process that does not pause gives nothing back: it gets nothing more while another has nothing to do.
		const others = name === 'Pool' && isBusy ? 1 : 20;
		await Promise.all(numbers(others).map(() => pool.apply(hold)));
		mark(file('gate'));
		await long;
	});

	it('gives what is behind it back in its order, for what is more urgent to come first', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const order: unknown[] = [];
		// It may come back as well, where its worker has not got round to it.
		const first = pool.apply(hold, [file('begun'), file('gate')], { priority: 2 });
		const long = first.then(() => order.push('long'));
		const given = numbers(100).map(() => pool.applyAsync(hold));
		const behind = given.map((one, n) => one.then(() => order.push(n)));
		const urgent = pool.apply(hold, [], { priority: 1 }).then(() => order.push('urgent'));
		await there(file('begun'));
		await until(() => String(given[0]) === 'AsyncResult(queued)');
		mark(file('gate'));
		await Promise.all([long, ...behind, urgent]);
		expect(order).toEqual(['long', 'urgent', ...numbers(100)]);
	});

	it('goes on when what is behind it is cancelled, which never begins', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const long = pool.apply(hold, [file('begun'), file('gate')]);
		const behind = numbers(5).map((n) => pool.applyAsync(hold, [file(n), file(n)]));
		for (const one of behind) expect(one.cancel()).toBe(true);
		for (const one of behind) expect(await errorOf(one)).toBeInstanceOf(CancelledError);
		mark(file('gate'));
		await long;
		await pool.apply(hold);
		expect(numbers(5).map((n) => existsSync(file(n)))).toEqual(numbers(5).map(() => false));
		expect(pool.stats()).toMatchObject({ workers: 1, rejected: 5, crashes: 0 });
	});

	it('is followed by what is given then, however much was cancelled behind it', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const long = pool.apply(hold, [file('begun'), file('gate')]);
		await there(file('begun'));
		for (let n = 0; n < 25_000; n++) pool.applyAsync(hold).cancel();
		const last = pool.apply(hold);
		mark(file('gate'));
		await Promise.all([long, last]);
		await pool.apply(hold);
		expect(pool.stats()).toMatchObject({ queued: 0, running: 0, rejected: 25_000, crashes: 0 });
	});

	it('does not count for its worker what is given back', async () => {
		const other = track(new Kind(1));
		await warm(() => other.apply(hold));
		const pool = track(new Kind({ workers: 1, maxTasksPerWorker: 30 }));
		const file = files();
		const count = () => {
			const runs = ((Reflect.get(globalThis, 'runs') ?? 0) as number) + 1;
			Reflect.set(globalThis, 'runs', runs);
			return runs;
		};
		const counts: number[] = [];
		while (counts.length < 9) counts.push(await pool.apply(count));
		const long = pool.apply(hold, [file('begun'), file('gate')]);
		const behind = numbers(15).map(() => pool.applyAsync(count));
		await until(() => String(behind[0]) === 'AsyncResult(queued)');
		mark(file('gate'));
		await long;
		counts.push(...(await Promise.all(behind)));
		while (counts.length < 40) counts.push(await pool.apply(count));
		// With the long one that is thirty, and the rest another worker's.
		expect(counts).toEqual([...numbers(29), ...numbers(11)].map((n) => n + 1));
	});

	it.each(ways)('is rejected by terminate with all that is behind it ($way)', async ({ isBusy }) => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const long = errorOf(pool.apply(hold, [file('begun'), file('never'), isBusy]));
		const behind = numbers(100).map((n) => errorOf(pool.apply(hold, [file(n), file(n)])));
		await there(file('begun'));
		await pool.terminate();
		for (const error of await Promise.all([long, ...behind]))
			expect(error).toBeInstanceOf(PoolTerminatedError);
		expect(numbers(100).filter((n) => existsSync(file(n)))).toEqual([]);
	});
});
