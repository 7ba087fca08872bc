import { existsSync } from 'node:fs';
import { CancelledError, TimeoutError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, passed } from './fixtures/tasks.mjs';
import { errorOf, files, kinds, there, track } from './support/pools.js';
import { result } from './support/programs.js';

describe.each(kinds)('an AsyncResult of a $name', ({ name, Kind }) => {
	it('can be asked, waited for in vain, and still gives its result', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const pending = pool.applyAsync(markAndPass, [file('begun'), file('gate')]);
		await there(file('begun'));
		expect(pending.ready).toBe(false);
		expect(() => pending.successful).toThrow('the result is not there yet');
		expect(await pending.wait({ timeout: 0 })).toBe(false);
		expect(await errorOf(pending.get({ timeout: 1 }))).toBeInstanceOf(TimeoutError);
		expect(await errorOf(pending.get({ signal: AbortSignal.abort('no more') }))).toBe('no more');
		mark(file('gate'));
		expect(await pending.get({ timeout: 30_000 })).toBeTypeOf('number');
		expect(await pending.get()).toBe(await pending);
		expect(await pending.wait()).toBe(true);
		expect([pending.ready, pending.successful, pending.cancel()]).toEqual([true, true, false]);
		expect(String(pending)).toBe('AsyncResult(fulfilled)');
	});

	it('of a failed task is ready and not successful', async () => {
		const pool = track(new Kind(1));
		const failed = pool.applyAsync(() => {
			throw new RangeError('no');
		});
		expect(await failed.wait()).toBe(true);
		expect([failed.ready, failed.successful]).toEqual([true, false]);
		await expect(failed).rejects.toThrow(RangeError);
		expect(await failed.catch(String)).toBe('RangeError: no');
		expect(await failed.finally(() => {}).catch(() => 'passed on')).toBe('passed on');
	});

	it('cancels a queued task, which never starts, and a running one', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const running = pool.applyAsync(markAndPass, [file('begun'), file('never')]);
		const queued = pool.applyAsync(mark, [file('queued')], { name: 'the second' });
		const last = pool.applyAsync(mark, [file('last')]);
		await there(file('begun'));
		expect(queued.cancel()).toBe(true);
		expect(queued.cancel()).toBe(false);
		expect(await errorOf(queued)).toMatchObject({
			code: 'CONC_CANCELLED',
			message: '`the second` was cancelled',
		});
		expect(running.cancel()).toBe(true);
		expect(await errorOf(running)).toBeInstanceOf(CancelledError);
		await last;
		expect([existsSync(file('queued')), existsSync(file('last'))]).toEqual([false, true]);
	});

	it('calls back once, in the order the results come, before those who await them', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const order: string[] = [];
		const log = (what: string) => () => void order.push(what);
		const first = pool.applyAsync(passed, [file('first')], {
			callback: log('first'),
			errorCallback: log('never'),
		});
		const second = pool.applyAsync(passed, [file('second')], { callback: log('second') });
		const failed = new Promise((resolve) => {
			const fail = async (path: string) => {
				await passed(path);
				throw new Error('third');
			};
			pool.applyAsync(fail, [file('second')], { callback: log('never'), errorCallback: resolve });
		});
		mark(file('second'));
		await second.then(log('second awaited'));
		expect(await failed).toEqual(new Error('third'));
		mark(file('first'));
		await first.then(log('first awaited'));
		expect(order).toEqual(['second', 'second awaited', 'first', 'first awaited']);
		pool.close();
		const refused = new Promise((errorCallback) => {
			pool.applyAsync(() => 1, [], { errorCallback });
		});
		expect(await refused).toMatchObject({ code: 'CONC_POOL_CLOSED' });
	});

	it('may be followed by another call in a callback, also of a task that ended its worker', async () => {
		const pool = track(new Kind(1));
		const next = new Promise((resolve) => {
			pool.applyAsync(() => process.exit(3), [], { errorCallback: () => resolve(pool.apply(() => 'next')) });
		});
		expect(await next).toBe('next');
	});

	it('leaves no rejection unhandled that the caller made, and all others', async () => {
		expect(await result('unhandled.mjs', [name])).toEqual([
			'apply failed',
			'applyAsync failed',
			'applyAsync with a callback failed',
			'map failed',
			'callback threw',
			'errorCallback threw',
			'async callback threw',
		]);
	});

	it('and arguments are released when the task is done', async () => {
		expect(await result('releases.mjs', [name])).toEqual({ here: true, there: true });
	});
});
