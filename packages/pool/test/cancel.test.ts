import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CancelledError, Pool, ThreadPool, TimeoutError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, markAndSpin, passed } from './fixtures/tasks.mjs';
import { blockUntil, errorOf, files, kinds, there, track, whoami } from './support/pools.js';
import { hold, warm } from './support/short-tasks.js';

describe.each(kinds)('a task of a $name', ({ Kind }) => {
	it('whose signal is aborted before never starts', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const signal = AbortSignal.abort(new Error('too late'));
		expect(await errorOf(pool.apply(mark, [file('ran')], { signal }))).toBe(signal.reason);
		expect(await errorOf(pool.applyAsync(mark, [file('ran')], { signal }))).toBe(signal.reason);
		expect(await errorOf(pool.map(mark, [file('ran')], { signal }))).toBe(signal.reason);
		expect(await errorOf(pool.map(mark, [], { signal }))).toBe(signal.reason);
		await pool.apply(whoami);
		expect(existsSync(file('ran'))).toBe(false);
	});

	it('that is queued when aborted never starts, and the worker goes on with the next', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const controller = new AbortController();
		const begin = async (begun: string, gate: string) => {
			await markAndPass(begun, gate);
			return whoami();
		};
		const first = pool.apply(begin, [file('begun'), file('gate')]);
		const queued = pool.apply(mark, [file('ran')], { signal: controller.signal });
		const next = pool.apply(whoami);
		await there(file('begun'));
		controller.abort(new Error('enough'));
		expect(await errorOf(queued)).toBe(controller.signal.reason);
		mark(file('gate'));
		expect(await first).toBe(await next);
		expect(existsSync(file('ran'))).toBe(false);
	});

	it('that runs in a loop when aborted is ended, its worker replaced, and the others go on', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const controller = new AbortController();
		const begin = async (begun: string, gate: string) => {
			await markAndPass(begun, gate);
			return whoami();
		};
		const neighbour = pool.apply(begin, [file('neighbour'), file('gate')]);
		const looping = pool.apply(markAndSpin, [file('looping')], { signal: controller.signal });
		await there(file('neighbour'), file('looping'));
		controller.abort();
		expect(await errorOf(looping)).toMatchObject({ name: 'AbortError' });
		const replacement = await pool.apply(whoami); // the neighbour still holds the other worker
		mark(file('gate'));
		expect(await neighbour).not.toBe(replacement);
	});

	it('leaves no listener on its signal, and many of them no warning', async () => {
		const pool = track(new Kind(1));
		const { signal } = new AbortController();
		const warnings: Error[] = [];
		const onWarning = (warning: Error) => void warnings.push(warning);
		process.on('warning', onWarning);
		let listeners = 0;
		let most = 0;
		const { addEventListener, removeEventListener } = signal;
		signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
			most = Math.max(most, ++listeners);
			addEventListener.apply(signal, args);
		};
		signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
			listeners--;
			removeEventListener.apply(signal, args);
		};
		const items = Array.from({ length: 100 }, (_, n) => n);
		await Promise.all(items.map((n) => pool.apply((k: number) => k, [n], { signal })));
		await pool.map((n: number) => n, items, { signal, chunksize: 1 });
		for await (const _ of pool.imap((n: number) => n, items, { signal }));
		await new Promise((resolve) => setImmediate(resolve));
		process.off('warning', onWarning);
		expect(listeners).toBe(0);
		expect(most).toBe(1);
		expect(warnings).toEqual([]);
	});

	it('may run as long as its timeout, counted from its start, and its worker is replaced', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const started = performance.now();
		const first = pool.apply(markAndPass, [file('begun'), file('gate')]);
		// It waits for longer than it may run.
		const second = pool.apply(whoami, [], { timeout: 1_500 });
		const endless = pool.apply(markAndSpin, [file('endless')], { timeout: 200, name: 'the endless one' });
		const last = pool.apply(whoami);
		await new Promise((resolve) => setTimeout(resolve, 1_600));
		mark(file('gate'));
		await first;
		expect(await second).toBeTypeOf('string');
		const error = await errorOf(endless);
		expect(error).toBeInstanceOf(TimeoutError);
		expect(error.message).toBe('`the endless one` ran longer than its timeout of 200 ms');
		expect(performance.now() - started).toBeGreaterThan(1_800);
		expect(await last).not.toBe(await second);
	});

	it('that is done when its thread was too busy to notice is in time', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await pool.apply(whoami);
		const done = pool.apply(mark, [file('done')], { timeout: 100 });
		await new Promise((resolve) => setImmediate(resolve));
		// Nothing of the event loop runs here until the task is long done and its time is over.
		const word = new Int32Array(new SharedArrayBuffer(4));
		for (const from = performance.now(); !existsSync(file('done')) || performance.now() - from < 300; )
			Atomics.wait(word, 0, 0, 20);
		Atomics.wait(word, 0, 0, 100);
		await done;
	});

	it('that was over before it was cancelled leaves the next one to its worker', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const worker = await pool.apply(whoami);
		const first = pool.applyAsync(hold);
		const second = pool.apply(hold, [file('begun'), file('gate'), true]);
		await Promise.resolve(); // they are sent
		blockUntil(() => existsSync(file('begun')));
		first.cancel();
		expect(await errorOf(first)).toBeInstanceOf(CancelledError);
		mark(file('gate'));
		await second;
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it.each([
		{ isBusy: true, isBlocked: true },
		{ isBusy: true, isBlocked: false },
		{ isBusy: false, isBlocked: true },
		{ isBusy: false, isBlocked: false },
	])('that runs takes none with it that wait behind it (%j)', async ({ isBusy, isBlocked }) => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const endless = pool.applyAsync(hold, [file('begun'), file('never'), isBusy]);
		const behind = Array.from({ length: 20 }, () => pool.apply(hold));
		await Promise.resolve(); // they are sent
		if (isBlocked) blockUntil(() => existsSync(file('begun')));
		else await there(file('begun'));
		endless.cancel();
		expect(await errorOf(endless)).toBeInstanceOf(CancelledError);
		await Promise.all(behind);
	});

	it('with a time limit or a signal that is never needed runs to its end', async () => {
		const pool = track(new Kind(1));
		const { signal } = new AbortController();
		const file = files();
		mark(file('gate'));
		for (const timeout of [60_000, 2 ** 31, Number.POSITIVE_INFINITY, undefined])
			await pool.apply(passed, [file('gate')], { timeout, signal });
	});
});

describe('a task of a ThreadPool', () => {
	it('that is cancelled in the turn in which it was made never begins, and its worker is kept', async () => {
		const pool = track(new ThreadPool(1));
		const file = files();
		await warm(() => pool.apply(hold));
		const worker = await pool.apply(whoami);
		// It could only begin by being sent meanwhile.
		const held = pool.apply(hold, [file('begun'), file('gate'), true]);
		const cancelled = pool.applyAsync(hold, [file('ran'), file('ran')]);
		expect(cancelled.cancel()).toBe(true);
		mark(file('gate'));
		await held;
		expect(await errorOf(cancelled)).toBeInstanceOf(CancelledError);
		expect(existsSync(file('ran'))).toBe(false);
		expect(await pool.apply(whoami)).toBe(worker);
	});
});

describe('the timeout of a task', () => {
	it('does not count the start of its worker', async () => {
		const slowly = fileURLToPath(new URL('./fixtures/start-slowly.mjs', import.meta.url));
		const pool = track(new Pool({ workers: 1, execArgv: ['--import', slowly] }));
		expect(await pool.apply(whoami, [], { timeout: 1_000 })).toBeTypeOf('string');
	});
});

describe.each(kinds)('a signal that a mapped function of a $name captures', ({ Kind }) => {
	it('is told of its own abort and of no other', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const [first, second] = [new AbortController(), new AbortController()];
		const signalOfFirst = first.signal;
		const signalOfSecond = second.signal;
		const reasonOfFirst = (n: number) => `${n}: ${signalOfFirst.reason}`;
		async function* input() {
			yield 0;
			await there(file('second runs'));
			yield 1;
		}
		const answers = pool.imap(reasonOfFirst, input());
		expect((await answers.next()).value).toBe('0: undefined');
		const [reason] = await Promise.all([
			pool.map(
				async (path) => {
					mark(path);
					while (!signalOfSecond.aborted) await new Promise((resolve) => setTimeout(resolve, 1));
					return signalOfSecond.reason;
				},
				[file('second runs')],
			),
			there(file('second runs')).then(() => {
				first.abort('of the first');
				second.abort('of the second');
			}),
		]);
		expect(reason).toEqual(['of the second']);
		expect((await answers.next()).value).toBe('1: of the first');
		expect(await answers.next()).toEqual({ done: true, value: undefined });
		expect([first, second].map(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([[], []]);
	});
});
