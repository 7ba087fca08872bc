import { existsSync, readFileSync } from 'node:fs';
import { BrokenPoolError, ThreadPool, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, markAndPass, markAndSpin } from './fixtures/tasks.mjs';
import { blockUntil, errorOf, files, kill, kinds, there, track, whoami } from './support/pools.js';
import { note, warm } from './support/short-tasks.js';

const identity = (n: number) => n;
const outcomes = async (promises: Promise<unknown>[]) => {
	const settled = await Promise.allSettled(promises);
	const errors = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
	return { ok: settled.length - errors.length, errors: errors.map(({ reason }) => reason) };
};

/** What tasks have noted in a file. */
const noted = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
const nap = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe.each(kinds)('a dead worker of a $name', ({ name, Kind }) => {
	const isPool = name === 'Pool';
	const who = isPool ? /^PoolWorker-\d+ \(pid \d+\)/ : /^ThreadPoolWorker-\d+ \(thread \d+\)/;

	it('that was busy rejects its task, and the other 999 are done', async () => {
		const pool = track(new Kind(2));
		const die = (n: number) => {
			if (n === 500) isPool ? process.kill(process.pid, 'SIGKILL') : process.exit(1);
			return n;
		};
		const calls = Array.from({ length: 1000 }, (_, n) => pool.apply(die, [n]));
		const { ok, errors } = await outcomes(calls);
		expect(ok).toBe(999);
		expect(errors).toHaveLength(1);
		expect(errors[0]).toBeInstanceOf(WorkerCrashedError);
		const file = files();
		const both = [1, 2].map((n) => pool.apply(markAndPass, [file(n), file('gate')]));
		await there(file(1), file(2)); // as many workers as before
		mark(file('gate'));
		await Promise.all(both);
	});

	it('rejects nothing that it had done, however late that is noticed, and nothing is run twice', async () => {
		const pool = track(new Kind(1));
		const file = files();
		await warm(() => pool.apply(note));
		const words = ['a', 'b', 'c', 'die', 'e', 'f'];
		const calls = words.map((word) => pool.apply(note, [file('runs'), word]));
		await Promise.resolve(); // they are sent
		blockUntil(() => noted(file('runs')).includes('die'));
		nap(100); // it is dead most likely, and nothing of it is known here
		calls.push(pool.apply(note, [file('runs'), 'late']));
		const outcomes = (await Promise.allSettled(calls)).map((one) =>
			one.status === 'fulfilled' ? one.value : one.reason.code,
		);
		expect(outcomes).toEqual(['a', 'b', 'c', 'CONC_WORKER_CRASHED', 'e', 'f', 'late']);
		expect(noted(file('runs'))).toEqual(['a', 'b', 'c', 'die', 'e', 'f', 'late']);
	});

	it('rejects only what it ran, whoever is cancelled meanwhile, and nothing is run twice', async () => {
		const pool = track(new Kind({ workers: 2, restartLimit: 1_000 }));
		const file = files();
		await warm(() => pool.apply(note));
		const words = Array.from({ length: 2_000 }, (_, n) => (n % 100 === 50 ? 'die' : `${n}`));
		const calls: Promise<unknown>[] = [];
		for (const [n, word] of words.entries()) {
			const call = pool.apply(note, [file('runs'), word]);
			call.catch(() => {}); // it is looked at later
			calls.push(call);
			// What a process has begun is not known here, so it may have to be stopped in the middle of the next.
			if (!isPool && n % 10 === 5) pool.applyAsync(note, [file('cancelled'), word]).cancel();
			if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		const outcomes = (await Promise.allSettled(calls)).map((one) =>
			one.status === 'fulfilled' ? one.value : one.reason.code,
		);
		expect(outcomes).toEqual(words.map((word) => (word === 'die' ? 'CONC_WORKER_CRASHED' : word)));
		expect(noted(file('runs')).toSorted()).toEqual(words.toSorted());
	});

	it('that was idle rejects nothing', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const both = [1, 2].map((n) => pool.apply(markAndPass, [file(n), file('gate')]));
		await there(file(1), file(2));
		mark(file('gate'));
		const [pid = 0] = await Promise.all(both);
		if (isPool) kill(pid, 'SIGKILL');
		else {
			await pool.apply((path: string) => void process.on('exit', () => mark(path)), [file('gone')]);
			await pool.apply(() => void setImmediate(() => process.exit()));
			await there(file('gone'));
		}
		expect(await outcomes(Array.from({ length: 1000 }, (_, n) => pool.apply(identity, [n])))).toEqual({
			ok: 1000,
			errors: [],
		});
	});

	it.each([0, 1, 7])('that called process.exit(%i) rejects its task with the code', async (code) => {
		const pool = track(new Kind(1));
		const leave = (code: number) => process.exit(code);
		const calls = [pool.apply(identity, [1]), pool.apply(leave, [code]), pool.apply(identity, [2])];
		const { ok, errors } = await outcomes(calls);
		expect(ok).toBe(2);
		expect(errors).toMatchObject([
			{ code: 'CONC_WORKER_CRASHED', exitCode: code, signalCode: null, reason: 'exit' },
		]);
		expect(errors[0].message).toMatch(who);
		expect(errors[0].message).toMatch(
			new RegExp(`exited with code ${code} while it ran \`leave\` \\(.*crash\\.test\\.ts:`),
		);
	});

	it('is named by the name of its task', async () => {
		const pool = track(new Kind(1));
		const error = await errorOf(pool.apply(() => process.exit(2), [], { name: 'the bad one' }));
		expect(error).toMatchObject({ task: '`the bad one`' });
		expect(error.message).toMatch(/while it ran `the bad one`$/);
	});

	it('ended by an uncaught error rejects its task with that as the cause', async () => {
		const pool = track(new Kind(1));
		const explode = () =>
			new Promise(() => {
				setImmediate(() => {
					throw new RangeError('from a timer');
				});
			});
		const error = await errorOf(pool.apply(explode));
		expect(error).toMatchObject({ code: 'CONC_WORKER_CRASHED', reason: 'uncaught', exitCode: 1 });
		expect(error.cause).toEqual(new RangeError('from a timer'));
		expect(await pool.apply(identity, [1])).toBe(1);
	});

	it('is not what a floating rejection leads to', async () => {
		const pool = track(new Kind(1));
		const float = () => {
			void Promise.reject(new Error('nobody cares (expected on stderr)'));
			return whoami();
		};
		const first = await pool.apply(float);
		expect(await pool.apply(whoami)).toBe(first);
	});

	it('rejects an item of a map, and the other chunks are still run', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const die = (n: number) => (n === 1 ? process.exit(1) : mark(file(n)));
		await expect(pool.map(die, [1, 2, 3, 4], { chunksize: 1 })).rejects.toThrow(WorkerCrashedError);
		await there(file(2), file(3), file(4));
	});

	it('leaves a big error of a task, and a map with one, to their callers', async () => {
		const pool = track(new Kind(2));
		const file = files();
		const fail = (n: number) => {
			if (n === 1) throw new Error('x'.repeat(1_000_000));
			mark(file(n));
		};
		expect((await errorOf(pool.map(fail, [1, 2, 3, 4], { chunksize: 1 }))).message).toHaveLength(1_000_000);
		pool.close();
		await pool.join();
		await there(file(2), file(3), file(4));
	});

	it('that dies while the pool is joined does not keep it', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const both = outcomes([
			pool.apply(() => process.exit(1)),
			pool.apply(markAndPass, [file('begun'), file('begun')]),
		]);
		pool.close();
		await pool.join();
		expect(await both).toMatchObject({ ok: 1 });
	});

	it('after the other breaks the pool, with a cause, and nothing hangs', async () => {
		const pool = track(new Kind(1));
		const { ok, errors } = await outcomes(
			Array.from({ length: 20 }, () => pool.apply(() => process.exit(9))),
		);
		expect(ok).toBe(0);
		expect(errors.filter((error) => error instanceof WorkerCrashedError)).toHaveLength(5);
		const broken = errors.filter((error) => error instanceof BrokenPoolError);
		expect(broken).toHaveLength(15);
		expect(broken[0]?.cause).toMatchObject({ code: 'CONC_WORKER_CRASHED', exitCode: 9 });
		expect(await errorOf(pool.apply(identity, [1]))).toBe(broken[0]);
		pool.close();
		await pool.join();
	});

	it('does not break the pool when tasks are done in between', async () => {
		const pool = track(new Kind(1));
		const die = (n: number) => (n % 2 === 0 ? process.exit(1) : n);
		expect(await outcomes(Array.from({ length: 14 }, (_, n) => pool.apply(die, [n])))).toMatchObject({
			ok: 7,
		});
	});

	it('that was replaced after a cancelled task is not counted', async () => {
		const pool = track(new Kind(1));
		const file = files();
		for (let n = 0; n < 6; n++) {
			const running = pool.applyAsync(markAndSpin, [file(n)]);
			await there(file(n));
			running.cancel();
			await errorOf(running);
		}
		expect(await pool.apply(identity, [1])).toBe(1);
	});

	it('is none where a value cannot be made, taken apart or sent back: only that task rejects', async () => {
		const pool = track(new Kind(1));
		const first = await pool.apply(whoami);
		const thrower = {
			get value(): never {
				throw new RangeError('a getter threw');
			},
		};
		await expect(pool.apply((value: object) => value, [thrower])).rejects.toThrow(/a getter threw/);
		for (const result of [() => new WeakMap(), () => process.stdout, () => ({ deep: [new WeakSet()] })]) {
			const error = await errorOf(pool.apply(result as () => unknown));
			expect(error).toBeInstanceOf(Error);
			expect(error.message).toMatch(/result/);
		}
		expect(await pool.apply(whoami)).toBe(first);
	});

	it('leaves errors whole', async () => {
		const pool = track(new Kind(1));
		const fail = () => {
			const deep = new TypeError('five', { cause: 'the bottom' });
			const chain = new Error('one', { cause: new Error('two', { cause: deep }) });
			const all = new AggregateError([new RangeError('a'), chain], 'several');
			throw Object.assign(all, { code: 'E_SEVERAL', cause: all });
		};
		const error = await errorOf(pool.apply(fail));
		expect(error).toBeInstanceOf(AggregateError);
		expect(error).toMatchObject({ message: 'several', code: 'E_SEVERAL' });
		expect(error.cause).toBe(error);
		const [first, second] = (error as AggregateError).errors;
		expect(first).toEqual(new RangeError('a'));
		expect(second.cause.cause).toBeInstanceOf(TypeError);
		expect(second.cause.cause.cause).toBe('the bottom');
	});
});

describe('a worker thread', () => {
	it('that is stuck in a native call is given up: its task is rejected, another takes its place', async () => {
		const pool = track(new ThreadPool(1));
		const file = files();
		const controller = new AbortController();
		const wait = async (path: string) => {
			const { execFileSync } = await import('node:child_process');
			execFileSync('sh', ['-c', `echo $$ > ${path}.part; mv ${path}.part ${path}; exec sleep 600`]);
		};
		const stuck = pool.apply(wait, [file('pid')], { signal: controller.signal });
		const queued = pool.apply(identity, [1]);
		await there(file('pid'));
		controller.abort(new Error('enough'));
		expect(await queued).toBe(1);
		expect(await errorOf(stuck)).toEqual(new Error('enough'));
		pool.close();
		await pool.join();
		kill(Number(readFileSync(file('pid'), 'utf8')), 'SIGKILL');
	});
});
