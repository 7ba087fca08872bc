import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BrokenPoolError, Pool, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, markAndSpin } from './fixtures/tasks.mjs';
import { errorOf, files, isAlive, kill, there, track, until } from './support/pools.js';
import { result } from './support/programs.js';
import { note, warm } from './support/short-tasks.js';

/** Its rejection is looked at later. */
const noted = <T>(promise: Promise<T>): Promise<T> => {
	promise.catch(() => {});
	return promise;
};
const pidOf = () => process.pid;
/** Whether a file descriptor of this process is one. */
const isSocket = (fd: number) => {
	try {
		return fstatSync(fd).isSocket();
	} catch {
		return false; // there is none of that number
	}
};
const exitWhileStarting = fileURLToPath(new URL('./fixtures/exit-while-starting.mjs', import.meta.url));

describe('a worker process', () => {
	it.each(['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGTERM'] as const)(
		'ended by %s is reported so',
		async (signal) => {
			const pool = track(new Pool(1));
			const pid = await pool.apply(pidOf);
			const die = (signal: NodeJS.Signals) => {
				process.kill(process.pid, signal);
				for (;;);
			};
			const error = await errorOf(pool.apply(die, [signal]));
			expect(error).toMatchObject({
				signalCode: signal,
				reason: 'signal',
				workerId: pid,
				task: expect.stringMatching(/die/),
			});
			expect(error.message).toMatch(
				new RegExp(`^PoolWorker-\\d+ \\(pid ${pid}\\) was ended by ${signal} while it ran`),
			);
			expect(await pool.apply(pidOf)).not.toBe(pid);
		},
	);

	it('that aborts leaves the end of its stderr in the error', async () => {
		const pool = track(new Pool(1));
		const error = await errorOf(pool.apply(() => process.abort()));
		expect(error).toMatchObject({ signalCode: 'SIGABRT' });
		expect(error).toBeInstanceOf(WorkerCrashedError);
	});

	it('that dies before it can run its task hands it to another', async () => {
		const file = files();
		const EXITS = [1, 2, 3].map(file).join();
		const execArgv = ['--import', exitWhileStarting];
		const pool = track(new Pool({ workers: 2, execArgv, env: { ...process.env, EXITS } }));
		const calls = [1, 2, 3, 4, 5].map((n) => pool.apply((n: number) => n, [n]));
		expect(await Promise.all(calls)).toEqual([1, 2, 3, 4, 5]);
	});

	it.each([undefined, 1])(
		'that never starts breaks the pool (maxTasksPerWorker %s)',
		async (maxTasksPerWorker) => {
			const pool = track(new Pool({ workers: 2, execArgv: ['--no-such-option'], maxTasksPerWorker }));
			const errors = await Promise.all([1, 2, 3].map((n) => errorOf(pool.apply((n: number) => n, [n]))));
			for (const error of errors) {
				expect(error).toBeInstanceOf(BrokenPoolError);
				expect(error.cause).toMatchObject({
					exitCode: 9,
					stderr: expect.stringContaining('--no-such-option'),
				});
			}
			pool.close();
			await pool.join();
		},
	);

	it('that dies while its initializer runs is replaced', async () => {
		const file = files();
		const initializer = async (path: string) => {
			const { existsSync, writeFileSync } = await import('node:fs');
			if (existsSync(path)) return;
			writeFileSync(path, '');
			process.kill(process.pid, 'SIGKILL');
			for (;;);
		};
		const pool = track(new Pool({ workers: 1, initializer, initargs: [file('once')] as const }));
		expect(await pool.apply((n: number) => n + 1, [1])).toBe(2);
	});

	it('that is stopped by a signal is ended by terminate', async () => {
		const pool = new Pool(1);
		const file = files();
		const running = pool.apply(markAndSpin, [file('begun')]);
		await there(file('begun'));
		const { readFileSync } = await import('node:fs');
		const pid = Number(readFileSync(file('begun'), 'utf8'));
		kill(pid, 'SIGSTOP');
		await pool.terminate();
		expect(await errorOf(running)).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		expect(isAlive(pid)).toBe(false);
	});

	it('killed at any instant: every task is settled, and only a running one rejects', async () => {
		const pool = track(new Pool(2));
		const pids = new Set<number>();
		const work = (n: number) => {
			for (const until = performance.now() + (n % 3); performance.now() < until; );
			return process.pid;
		};
		let kills = 0;
		const calls: Promise<number>[] = [];
		for (let round = 0; round < 60; round++) {
			for (let n = 0; n < 10; n++) calls.push(noted(pool.apply(work, [n])));
			const pid = await calls.at(-1)?.catch(() => 0);
			if (pid) pids.add(pid);
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
			for (const one of round % 3 === 0 ? pids : []) {
				pids.delete(one);
				if (!isAlive(one)) continue;
				kill(one, 'SIGKILL');
				kills++;
				break;
			}
		}
		const settled = await Promise.allSettled(calls);
		const rejected = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
		for (const { reason } of rejected) expect(reason).toBeInstanceOf(WorkerCrashedError);
		expect(settled).toHaveLength(600);
		expect(rejected.length).toBeLessThanOrEqual(kills);
		expect(kills).toBeGreaterThan(5);
		pool.close();
		await pool.join();
	});

	it('that cannot import what an argument needs rejects that task with the reason, and is kept', async () => {
		const refusal = { name: 'RangeError', message: 'not in a worker', isRemote: true };
		expect(await result('sends-unknown.mjs')).toEqual({ outcome: refusal, map: refusal, isKept: true });
	});

	it('whose channel is closed and whose end is not known yet is sent nothing any more', async () => {
		const socketsHere = () => Array.from({ length: 200 }, (_, fd) => fd).filter(isSocket);
		const before = socketsHere();
		const pool = track(new Pool(1));
		const file = files();
		// Its child holds its stderr open, so that its end is known late.
		const leave = (gate?: string) => {
			if (gate === undefined) return;
			// Until the gate is there, or its directory is gone with the test.
			const wait = `while [ -d "$(dirname '${gate}')" ] && [ ! -e '${gate}' ]; do sleep 0.01; done`;
			const { spawn } = process.getBuiltinModule('node:child_process');
			spawn('sh', ['-c', wait], { stdio: ['ignore', 'ignore', 2], detached: true }).unref();
			process.exit(7);
		};
		await warm(() => pool.apply(leave));
		await warm(() => pool.apply(note));
		const own = socketsHere().filter((fd) => !before.includes(fd));
		const left = errorOf(pool.apply(leave, [file('gate')]));
		await until(() => !own.every(isSocket));
		// What is opened now has numbers that were the worker's.
		const opened: number[] = [];
		while (opened.length < 20) opened.push(openSync(file(opened.length), 'w+'));
		const late = pool.apply(note, [file('late'), 'late']);
		expect(await left).toMatchObject({ exitCode: 7 });
		expect(await late).toBe('late');
		mark(file('gate'));
		expect(opened.map((fd) => fstatSync(fd).size)).toEqual(opened.map(() => 0));
		for (const fd of opened) closeSync(fd);
	});

	it('that writes to its own channel is killed, and its task rejected', async () => {
		const pool = track(new Pool(1));
		const error = await errorOf(pool.apply(() => void writeSync(3, 'hello world\n')));
		expect(error).toBeInstanceOf(WorkerCrashedError);
		expect((error.cause as Error).message).toContain('wrote to file descriptor 3');
		expect(await pool.apply(Math.abs, [-1])).toBe(1);
	});

	it('is gone when the pool is joined', async () => {
		const pool = new Pool(2);
		const file = files();
		const both = [1, 2].map((n) => pool.apply(markAndPass, [file(n), file(n)]));
		const pids = await Promise.all(both);
		pool.close();
		await pool.join();
		expect(pids.map(isAlive)).toEqual([false, false]);
	});
});
