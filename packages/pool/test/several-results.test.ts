import { asCompleted, CancelledError, TimeoutError, wait } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, there, track, until } from './support/pools.js';

const identity = (n: number) => n;
const fail = (n: number) => {
	if (n % 2 === 1) throw new RangeError(`odd: ${n}`);
	return n;
};

describe.each(kinds)('the AsyncResult of a map of a $name', ({ Kind }) => {
	it('is all results in order, or the first error', async () => {
		const pool = track(new Kind(2));
		const result = pool.mapAsync((n: number) => n * 2, [1, 2, 3], { chunksize: 1 });
		expect(await result).toEqual([2, 4, 6]);
		expect([result.ready, result.successful]).toEqual([true, true]);
		expect(
			await pool.starmapAsync(Math.max, [
				[1, 2],
				[4, 3],
			]),
		).toEqual([2, 4]);
		const failed = pool.mapAsync(fail, [0, 1, 2]);
		expect(await errorOf(failed)).toMatchObject({ name: 'RangeError', message: 'odd: 1' });
		expect([failed.ready, failed.successful]).toEqual([true, false]);
		expect(await errorOf(pool.mapAsync(identity, 5 as never))).toBeInstanceOf(TypeError);
	});

	it('is cancelled whole: what waits never starts', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const result = pool.mapAsync((path: string) => markAndPass(path, `${path}-gate`), [file(0), file(1)], {
			chunksize: 1,
		});
		await there(file(0));
		expect(String(result)).toBe('AsyncResult(running)');
		expect(result.cancel()).toBe(true);
		expect(await errorOf(result)).toBeInstanceOf(CancelledError);
		expect(result.cancel()).toBe(false);
		expect(await pool.apply(identity, [1])).toBe(1);
		expect(pool.stats()).toMatchObject({ queued: 0, running: 0, fulfilled: 1, rejected: 2 });
	});

	it('calls back once, with all results or the first error', async () => {
		const pool = track(new Kind(2));
		const calls: unknown[] = [];
		const callback = (value: unknown) => calls.push(value);
		const errorCallback = (error: unknown) => calls.push(String(error));
		await pool.mapAsync(fail, [0, 2, 4], { chunksize: 1, callback, errorCallback });
		await errorOf(pool.mapAsync(fail, [0, 1, 2], { chunksize: 1, callback, errorCallback }));
		pool.mapAsync(fail, [3], { errorCallback }); // which is not unhandled
		pool.mapAsync(fail, 3 as never, { errorCallback });
		await until(() => calls.length === 4);
		expect(calls).toEqual([
			[0, 2, 4],
			'RangeError: odd: 1',
			'TypeError: items must be iterable, not a number',
			'RangeError: odd: 3',
		]);
	});

	it('tells how far it is', async () => {
		const pool = track(new Kind(2));
		const progress: unknown[] = [];
		await pool.map(identity, [1, 2, 3, 4, 5], { chunksize: 2, onProgress: (now) => progress.push(now) });
		expect(progress.length).toBe(3);
		expect(progress.at(-1)).toEqual({ done: 5, total: 5 });
		expect(await errorOf(pool.map(identity, [1], { onProgress: 5 as never }))).toMatchObject({
			message: 'onProgress must be a function, not a number',
		});
	});
});

describe('asCompleted', () => {
	it.each(kinds)('gives how results of a $name turn out, as they come', async ({ Kind }) => {
		const pool = track(new Kind(2));
		const file = files();
		const slow = pool.apply(markAndPass, [file('begun'), file('gate')]).then(() => 'slow');
		const results = [slow, pool.apply(fail, [2]), pool.applyAsync(fail, [3])];
		const seen: unknown[] = [];
		for await (const { index, ...outcome } of asCompleted(results)) {
			seen.push(index, outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason));
			if (index === 2) mark(file('gate'));
		}
		expect(seen).toEqual([1, 2, 2, 'RangeError: odd: 3', 0, 'slow']);
	});

	it('ends with no results, and takes any promises', async () => {
		for await (const _ of asCompleted([])) throw new Error('there is none');
		const seen: unknown[] = [];
		for await (const one of asCompleted([Promise.resolve(1)])) seen.push(one);
		expect(seen).toEqual([{ status: 'fulfilled', value: 1, index: 0 }]);
	});

	it('throws when time is up, and when aborted', async () => {
		const never = new Promise<never>(() => {});
		const late = asCompleted([Promise.resolve(1), never], { timeout: 20 });
		await late.next();
		const error = await errorOf(late.next());
		expect(error).toBeInstanceOf(TimeoutError);
		expect(error.message).toBe('1 of 2 results were not there within 20 ms');
		const controller = new AbortController();
		const cut = errorOf(asCompleted([never], { signal: controller.signal }).next());
		controller.abort(new Error('enough'));
		expect(await cut).toBe(controller.signal.reason);
	});

	it('refuses what are no results', () => {
		expect(() => asCompleted(5 as never)).toThrow('results must be iterable, not a number');
		expect(() => asCompleted([1] as never)).toThrow('results[0] must be a promise, not a number');
	});
});

describe('wait', () => {
	const settle = async () => {
		const never = new Promise<never>(() => {});
		const failed = Promise.reject(new Error('no'));
		failed.catch(() => {});
		return {
			never,
			failed,
			one: Promise.resolve(1),
			soon: new Promise((resolve) => setTimeout(resolve, 20)),
		};
	};

	it('resolves when all are settled', async () => {
		const { one, soon, failed } = await settle();
		const { done, notDone } = await wait([one, soon, failed, one]);
		expect([done.indexOf(one), done.indexOf(soon), done.indexOf(failed), done.length]).toEqual([0, 1, 2, 3]);
		expect(notDone).toEqual([]);
		expect(await wait([])).toEqual({ done: [], notDone: [] });
	});

	it('resolves when the first is settled, or the first is rejected', async () => {
		const { never, one, failed, soon } = await settle();
		const first = await wait([never, one], { returnWhen: 'firstCompleted' });
		expect([first.done.length, first.notDone.length]).toEqual([1, 1]);
		const exception = await wait([never, soon.then(() => failed)], { returnWhen: 'firstException' });
		expect([exception.done.length, exception.notDone.length]).toEqual([1, 1]);
		const none = await wait([one, soon], { returnWhen: 'firstException' });
		expect([none.done.length, none.notDone.length]).toEqual([2, 0]);
	});

	it('resolves when time is up, and rejects when aborted', async () => {
		const { never, one } = await settle();
		const { done, notDone } = await wait([never, one], { timeout: 10 });
		expect([done.length, notDone.length]).toEqual([1, 1]);
		expect(await errorOf(wait([never], { signal: AbortSignal.abort(new Error('no')) }))).toMatchObject({
			message: 'no',
		});
	});

	it('refuses what it does not know', async () => {
		expect(await errorOf(wait([], { returnWhen: 'ALL' as never }))).toBeInstanceOf(TypeError);
		expect(await errorOf(wait([1] as never))).toMatchObject({
			message: 'results[0] must be a promise, not a number',
		});
	});
});
