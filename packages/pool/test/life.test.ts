import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { PoolClosedError, PoolRunningError, PoolTerminatedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, markAndSpin } from './fixtures/tasks.mjs';
import { errorOf, files, isAlive, kinds, there, track, until } from './support/pools.js';
import { result, start } from './support/programs.js';

const identity = (n: number) => n;

describe.each(kinds)('the life of a $name', ({ name, Kind }) => {
	it('ends with close, after which it does what it has and takes nothing new', async () => {
		const pool = track(new Kind(2));
		const file = files();
		await expect(pool.join()).rejects.toThrow(PoolRunningError);
		const held = pool.apply(markAndPass, [file('begun'), file('gate')]);
		const queued = Array.from({ length: 50 }, (_, n) => pool.apply(identity, [n]));
		pool.close();
		pool.close();
		expect(String(pool)).toBe(`${name}(2 workers, closed)`);
		expect(await errorOf(pool.apply(identity, [1]))).toBeInstanceOf(PoolClosedError);
		expect(await errorOf(pool.applyAsync(identity, [1]))).toBeInstanceOf(PoolClosedError);
		expect(await errorOf(pool.map(identity, [1]))).toMatchObject({ code: 'CONC_POOL_CLOSED' });
		expect(() => pool.imap(identity, [1])).toThrow(PoolClosedError);
		const joined = pool.join().then(() => existsSync(file('gate')));
		await Promise.all(queued);
		mark(file('gate'));
		expect(await joined).toBe(true);
		await held;
		await pool.join();
	});

	it('ends with terminate, which rejects 10,000 queued tasks and those in endless loops', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const spinning = [1, 2].map((n) => pool.apply(markAndSpin, [file(n)]));
		await there(file(1), file(2));
		const queued = Array.from({ length: 10_000 }, (_, n) => pool.apply(identity, [n]));
		const settled = Promise.allSettled([...spinning, ...queued, pool.map(identity, [1, 2])]);
		await pool.terminate();
		const reasons = (await settled).map((outcome) => (outcome.status === 'rejected' ? outcome.reason : null));
		expect(reasons.every((reason) => reason instanceof PoolTerminatedError)).toBe(true);
		const pids = [1, 2].map((n) => Number(readFileSync(file(n), 'utf8')));
		if (name === 'Pool') expect(pids.map(isAlive)).toEqual([false, false]);
		expect(await errorOf(pool.apply(identity, [1]))).toMatchObject({
			message: expect.stringContaining('the pool was terminated'),
		});
		await pool.terminate();
		await pool.join();
	});

	it('ends with terminate also while its workers start', async () => {
		const pool = track(new Kind({ workers: 2, initializer: () => {} }));
		const calls = [1, 2, 3].map((n) => errorOf(pool.apply(identity, [n])));
		await pool.terminate();
		for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(PoolTerminatedError);
		expect(await errorOf(pool.apply(identity, [1]))).toBeInstanceOf(PoolClosedError);
	});

	it('ends with its disposal', async () => {
		const pool = track(new Kind(1));
		const call = pool.apply(identity, [1]);
		await pool[Symbol.asyncDispose]();
		expect(await call).toBe(1);
		await expect(pool.apply(identity, [1])).rejects.toThrow(PoolClosedError);
	});

	it('does not keep the program alive with nothing to do', async () => {
		expect(await result('idle-pool.mjs', [name])).toEqual([2, 3, 4]);
	});

	it('keeps the program alive until its work is done', async () => {
		expect(await result('queued-at-end.mjs', [name])).toBe(55);
	});

	it('does not keep the program alive with streams that nobody reads on', async () => {
		expect(await result('unread-streams.mjs', [name])).toEqual([0, 1]);
	});

	it('keeps the program alive while an item of a stream is on its way, or its generator is being closed', async () => {
		expect(await result('waiting-streams.mjs', [name])).toEqual(['aborted', 'filled', 'left', 'read']);
	});

	it('can be awaited to its end by a program that does nothing else', async () => {
		expect(await result('join-at-top.mjs', [name])).toBe(true);
	});
});

describe('worker processes', () => {
	it('do not outlive a parent that is killed, wherever they are', async () => {
		const file = files();
		const { child, ended, printed } = start('spin-until-killed.mjs', [file('')]);
		await printed('idle');
		const names = ['first', 'nested', 'thread'];
		await there(...names.map(file));
		await until(() => names.every((name) => readFileSync(file(name), 'utf8') !== ''));
		const pids = names.map((name) => Number(readFileSync(file(name), 'utf8')));
		expect(pids.map(isAlive)).toEqual([true, true, true]);
		child.kill('SIGKILL');
		await ended; // its output is closed by the last of them
		await until(() => !pids.some(isAlive));
	});

	it('end with the parent at Ctrl-C, and print nothing', async () => {
		const file = files();
		const { child, ended } = start('interrupted-map.mjs', [file('')], true);
		await there(file(1), file(2));
		await until(() => [1, 2].every((n) => readFileSync(file(n), 'utf8') !== ''));
		const pids = [1, 2].map((n) => Number(readFileSync(file(n), 'utf8')));
		process.kill(-(child.pid as number), 'SIGINT');
		expect(await ended).toEqual({ code: null, signal: 'SIGINT', stdout: '', stderr: '' });
		await until(() => !pids.some(isAlive));
		expect(readdirSync(file(''))).toHaveLength(2);
	});

	it('may import the module that made their pool, with no guard of any kind', async () => {
		expect(await result('imports-pool.mjs')).toEqual([1, 4, 9]);
	});

	it('that import a module which calls its pool meanwhile reject with an error that names it', async () => {
		expect(await result('imports-calling.mjs')).toMatch(/StartupRecursionError: .*module-that-calls\.mjs/);
	});

	it('may have pools of threads with pools of processes, and errors reach the top', async () => {
		expect(await result('nested.mjs')).toEqual([
			5,
			{ name: 'RangeError', message: 'from the bottom' },
			{
				name: 'WorkerCrashedError',
				code: 'CONC_WORKER_CRASHED',
				exitCode: 7,
				message: expect.stringMatching(/exited with code 7 while it ran `bottom`/),
			},
		]);
	});
});
