import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { CaptureError, PoolClosedError, PoolFullError, TimeoutError, WorkerCrashedError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark, passed } from './fixtures/tasks.mjs';
import { drain, errorOf, files, kill, kinds, there, track, until, whoami } from './support/pools.js';
import { hold, warm } from './support/short-tasks.js';

const identity = (n: number) => n;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

function* count(to: number) {
	for (let n = 0; n < to; n++) yield n;
}

/** To be run by a worker: says by one more byte in a file that something was done. */
const note = (path: string) => appendFileSync(path, '.');
const noted = (path: string) => (existsSync(path) ? readFileSync(path).length : 0);

describe.each(kinds)('a stream of a $name', ({ name, Kind }) => {
	it('gives the items of a generator in order, then what it returns', async () => {
		const pool = track(new Kind(1));
		async function* later(to: number) {
			for (let n = 0; n < to; n++) {
				if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
				yield n;
			}
			return 'the end';
		}
		expect(await drain(pool.stream(count, [500]))).toEqual({ results: numbers(500) });
		expect(await drain(pool.stream(later, [100], { buffersize: 1 }))).toEqual({ results: numbers(100) });
		const items = pool.stream(later, [1]);
		expect(items[Symbol.asyncIterator]()).toBe(items);
		expect(await items.next()).toEqual({ done: false, value: 0 });
		expect(await items.next()).toEqual({ done: true, value: 'the end' });
		expect(await items.next()).toEqual({ done: true, value: undefined });
		expect(await drain(pool.stream(count, [0]))).toEqual({ results: [] });
	});

	it('takes whatever can be iterated, and a promise of it', async () => {
		const pool = track(new Kind(1));
		const asynchronous = () => ({
			async *[Symbol.asyncIterator]() {
				yield* [1, 2];
			},
		});
		const onlyNext = () => {
			let n = 0;
			return { next: () => ({ done: n === 2, value: ++n }) };
		};
		for (const fn of [
			() => [1, 2],
			() => new Set([1, 2]),
			() => new Int8Array([1, 2]),
			async () => [1, 2],
			asynchronous,
			async () => asynchronous(),
			onlyNext,
		])
			expect(await drain(pool.stream<unknown>(fn))).toEqual({ results: [1, 2] });
		expect(await drain(pool.stream(() => 'ab'))).toEqual({ results: ['a', 'b'] });
	});

	it('waits for items that are promises, as for await does', async () => {
		const pool = track(new Kind(1));
		function* promises() {
			yield Promise.resolve(1);
			yield 2;
			yield Promise.reject(new RangeError('the third'));
		}
		expect(await drain(pool.stream(promises))).toEqual({
			results: [1, 2],
			error: new RangeError('the third'),
		});
	});

	it('hands arguments and captured variables to its function, as they are at the call', async () => {
		const pool = track(new Kind(1));
		const captured = { factor: 10 };
		const list = [1, 2];
		function* scaled(items: number[], more: Map<string, number>) {
			for (const n of items) yield { n: n * captured.factor, more: more.get('more') };
		}
		const items = pool.stream(scaled, [list, new Map([['more', 5]])]);
		captured.factor = 0;
		list.push(3);
		expect((await drain(items)).results).toEqual([
			{ n: 10, more: 5 },
			{ n: 20, more: 5 },
		]);
	});

	it.each([1, 2, 7])('makes no more than %i items ahead of the consumer', async (buffersize) => {
		const pool = track(new Kind(1));
		const file = files();
		function* endless(path: string) {
			for (let n = 0; ; n++) {
				note(path);
				yield n;
			}
		}
		const items = pool.stream(endless, [file('made')], { buffersize });
		for (let taken = 0; taken < 30; taken++) {
			// It makes that many, and whoever looks never sees more.
			await until(() => noted(file('made')) >= taken + buffersize);
			expect(noted(file('made'))).toBe(taken + buffersize);
			expect(await items.next()).toEqual({ done: false, value: taken });
		}
		await items.return?.();
		expect(noted(file('made'))).toBeLessThanOrEqual(30 + buffersize);
	});

	it('that is left runs the finally of its generator, and its worker is free again', async () => {
		const pool = track(new Kind(1));
		const file = files();
		function* synchronous(closed: string) {
			try {
				for (;;) yield whoami();
			} finally {
				mark(closed);
			}
		}
		async function* asynchronous(closed: string) {
			try {
				for (;;) yield await whoami();
			} finally {
				await new Promise((resolve) => setImmediate(resolve));
				mark(closed);
			}
		}
		const worker = await pool.apply(whoami);
		for (const [at, fn] of [synchronous, asynchronous].entries()) {
			for await (const who of pool.stream(fn as typeof asynchronous, [file(at)])) {
				expect(who).toBe(worker);
				break;
			}
			expect(existsSync(file(at))).toBe(true);
			const items = pool.stream(fn as typeof asynchronous, [file(`thrown ${at}`)]);
			const failing = (async () => {
				for await (const _ of items) throw new Error('of the loop');
			})();
			await expect(failing).rejects.toThrow('of the loop');
			expect(existsSync(file(`thrown ${at}`))).toBe(true);
			expect(await items.next()).toEqual({ done: true, value: undefined });
		}
		expect(await pool.apply(whoami)).toBe(worker);
		expect(pool.stats()).toMatchObject({ running: 0, crashes: 0 });
	});

	it('that is left makes no items that were wanted before, though its generator never pauses', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 2 ** 31 }));
		const file = files();
		function* busy(made: string, begun: string, gate: string) {
			for (let n = 0; n < 1_000; n++) {
				note(made);
				if (n === 2) {
					mark(begun);
					while (!existsSync(gate));
					for (const from = performance.now(); performance.now() - from < 20; );
				}
				yield n;
			}
		}
		const items = pool.stream(busy, [file('made'), file('begun'), file('gate')], { buffersize: 1_000 });
		await there(file('begun'));
		const returned = items.return?.();
		await new Promise((resolve) => setImmediate(resolve)); // it has left
		mark(file('gate'));
		await returned;
		expect(noted(file('made'))).toBe(3);
	});

	it('that is left twice ends twice, when its generator is closed', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 2 ** 31 }));
		const file = files();
		async function* slow(gate: string, closed: string) {
			try {
				for (;;) yield 1;
			} finally {
				await passed(gate);
				mark(closed);
			}
		}
		const items = pool.stream(slow, [file('gate'), file('closed')]);
		await items.next();
		const both = [items.return?.(), items.return?.()].map((left) =>
			left?.then(() => existsSync(file('closed'))),
		);
		await new Promise((resolve) => setImmediate(resolve));
		mark(file('gate'));
		expect(await Promise.all(both)).toEqual([true, true]);
	});

	it('that is left before its turn never starts', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const held = pool.apply(passed, [file('gate')]);
		function* marks(path: string) {
			mark(path);
			yield 1;
		}
		const items = pool.stream(marks, [file('ran')]);
		expect(await items.return?.()).toEqual({ done: true, value: undefined });
		expect(await items.next()).toEqual({ done: true, value: undefined });
		mark(file('gate'));
		await held;
		await pool.apply(identity, [1]);
		expect(existsSync(file('ran'))).toBe(false);
	});

	it('that is left behind a task that takes long after all is over, and its worker goes on', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 2 ** 31 }));
		const file = files();
		await warm(() => pool.apply(hold));
		for (const _ of numbers(100)) await drain(pool.stream(count, [1]));
		const long = pool.apply(hold, [file('begun'), file('gate')]);
		const items = pool.stream(count, [2 ** 31], { buffersize: 4 });
		const returned = items.return?.();
		const behind = pool.applyAsync(hold);
		await there(file('begun'));
		await until(() => String(behind) === 'AsyncResult(queued)');
		mark(file('gate'));
		await long;
		expect(await returned).toEqual({ done: true, value: undefined });
		await behind;
		expect(pool.stats()).toMatchObject({ workers: 1, running: 0, crashes: 0 });
	});

	it('gives what comes before an error, then that, whole, then nothing', async () => {
		const pool = track(new Kind(1));
		class Odd extends RangeError {
			readonly at = 3;
		}
		async function* failing() {
			yield* [1, 2];
			throw Object.assign(new Odd('three', { cause: new Error('why') }), { name: 'Odd' });
		}
		const items = pool.stream(failing);
		const { results, error } = await drain(items);
		expect(results).toEqual([1, 2]);
		expect(error).toBeInstanceOf(RangeError);
		expect(error).toMatchObject({ name: 'Odd', message: 'three', at: 3, cause: new Error('why') });
		expect((error as Error).stack).toMatch(/at failing .*\n(.*\n)*.*, called from:\n.*stream\.test/);
		expect(await items.next()).toEqual({ done: true, value: undefined });
		const fails = () => {
			throw new TypeError('before the first');
		};
		expect(await drain(pool.stream(fails))).toEqual({
			results: [],
			error: new TypeError('before the first'),
		});
		expect(await pool.apply(identity, [1])).toBe(1);
	});

	it('rejects with what cannot cross and where it is, and closes its generator', async () => {
		const pool = track(new Kind(1));
		const file = files();
		function* weak(closed: string) {
			try {
				yield 1;
				yield { deep: [new WeakMap()] };
			} finally {
				mark(closed);
				// biome-ignore lint/correctness/noUnsafeFinally: it is what is tested
				throw new Error('of the finally, which does not hide it');
			}
		}
		const { results, error } = await drain(pool.stream(weak, [file('closed')]));
		expect(results).toEqual([1]);
		expect(error).toBeInstanceOf(CaptureError);
		expect((error as Error).message).toContain('an item of `weak`');
		expect((error as Error).message).toContain('item.deep[0]');
		expect(existsSync(file('closed'))).toBe(true);
		function* weakEnd() {
			yield 1;
			return new WeakMap();
		}
		const end = await drain(pool.stream(weakEnd as () => Generator<number>));
		expect(end).toMatchObject({ results: [1], error: { code: 'CONC_CAPTURE' } });
		expect(pool.stats()).toMatchObject({ workers: 1, crashes: 0 });
	});

	it('rejects with WorkerCrashedError after the items that arrived when its worker is killed', async () => {
		const pool = track(new Kind(1));
		const file = files();
		async function* fatal(ready: string, gate: string) {
			yield process.pid;
			yield 2;
			mark(ready);
			await passed(gate);
			process.exit(3);
		}
		for (const isReadBefore of [true, false]) {
			const [ready, gate] = [file(`ready ${isReadBefore}`), file(`gate ${isReadBefore}`)];
			const items = pool.stream(fatal, [ready, gate]);
			await there(ready);
			const pid = Number(readFileSync(ready, 'utf8'));
			const before = isReadBefore ? [(await items.next()).value, (await items.next()).value] : [];
			if (name === 'Pool') kill(pid, 'SIGKILL');
			else mark(gate);
			const { results, error } = await drain(items);
			expect([...before, ...results]).toEqual([pid, 2]);
			expect(error).toBeInstanceOf(WorkerCrashedError);
			expect(error).toMatchObject(
				name === 'Pool'
					? { signalCode: 'SIGKILL' }
					: { exitCode: 3, message: expect.stringContaining('`fatal`') },
			);
			expect(await items.next()).toEqual({ done: true, value: undefined });
		}
		expect(await pool.apply(identity, [1])).toBe(1);
	});

	it('is ended by its signal after the items that arrived, and its worker replaced', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const controller = new AbortController();
		function* hangs(begun: string) {
			yield* [1, 2];
			mark(begun);
			for (;;);
		}
		const worker = await pool.apply(whoami);
		const items = pool.stream(hangs, [file('begun')], { signal: controller.signal });
		await there(file('begun'));
		controller.abort(new Error('enough'));
		const { results, error } = await drain(items);
		expect(results).toEqual([1, 2]);
		expect(error).toBe(controller.signal.reason);
		expect(await items.next()).toEqual({ done: true, value: undefined });
		expect(await pool.apply(whoami)).not.toBe(worker);
		const late = pool.stream(hangs, [file('never')], { signal: controller.signal });
		expect(await errorOf(late.next())).toBe(controller.signal.reason);
		expect(existsSync(file('never'))).toBe(false);
	});

	it('may run as long as its timeout', async () => {
		const pool = track(new Kind(1));
		await pool.apply(whoami);
		function* hangs() {
			yield* [1, 2];
			for (;;);
		}
		const { results, error } = await drain(
			pool.stream(hangs, [], { timeout: 1_000, name: 'the endless one' }),
		);
		expect(results).toEqual([1, 2]);
		expect(error).toBeInstanceOf(TimeoutError);
		expect((error as Error).message).toBe('`the endless one` ran longer than its timeout of 1000 ms');
		expect(await drain(pool.stream(count, [3], { timeout: 60_000 }))).toEqual({ results: [0, 1, 2] });
	});

	it('is ended by terminate, whoever waits for an item', async () => {
		const pool = track(new Kind(2));
		async function* stuck() {
			yield 1;
			await new Promise(() => {});
		}
		const streams = [pool.stream(stuck), pool.stream(stuck), pool.stream(stuck)];
		expect(await streams[0]?.next()).toEqual({ done: false, value: 1 });
		const waiting = streams[0]?.next() as Promise<unknown>;
		const rejected = errorOf(waiting);
		await pool.terminate();
		expect(await rejected).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		expect(await streams[0]?.next()).toEqual({ done: true, value: undefined });
		expect((await drain(streams[2] as AsyncIterable<number>)).error).toMatchObject({
			code: 'CONC_POOL_TERMINATED',
		});
		expect(await streams[1]?.return?.()).toEqual({ done: true, value: undefined });
	});

	it.each(['in its loop', 'in its finally'])('that is left and hangs %s is stopped', async (where) => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 20 }));
		async function* hangs(isInLoop: boolean) {
			try {
				yield await whoami();
				if (isInLoop) for (;;);
				yield '';
			} finally {
				await new Promise(() => {});
			}
		}
		const items = pool.stream(hangs, [where === 'in its loop']);
		const { value: worker } = await items.next();
		expect(await items.return?.()).toEqual({ done: true, value: undefined });
		expect(await pool.apply(whoami)).not.toBe(worker);
		expect(pool.stats()).toMatchObject({ running: 0, crashes: 0 });
	});

	it.each([2 ** 31, Number.POSITIVE_INFINITY])('that is left may take %d ms to end', async (gracePeriod) => {
		const pool = track(new Kind({ workers: 1, gracePeriod }));
		const file = files();
		async function* slow(gate: string, closed: string) {
			try {
				for (;;) yield await whoami();
			} finally {
				await passed(gate);
				mark(closed);
			}
		}
		const items = pool.stream(slow, [file('gate'), file('closed')]);
		const { value: worker } = await items.next();
		const returned = items.return?.();
		await new Promise((resolve) => setTimeout(resolve, 50));
		mark(file('gate'));
		await returned;
		expect(existsSync(file('closed'))).toBe(true);
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it('that nobody reads on does not hold up join, and is read to its end after it', async () => {
		const pool = track(new Kind(2));
		const file = files();
		function* last(path: string) {
			try {
				for (let n = 0; n < 50; n++) yield n;
			} finally {
				mark(path);
			}
		}
		const [read, left] = [pool.stream(last, [file('read')]), pool.stream(last, [file('left')])];
		expect(await read.next()).toEqual({ done: false, value: 0 });
		pool.close();
		await pool.join();
		expect(pool.stats()).toMatchObject({ workers: 2, running: 2 });
		expect([existsSync(file('read')), existsSync(file('left'))]).toEqual([false, false]);
		expect((await drain(read)).results).toEqual(numbers(50).slice(1));
		await left.return?.();
		expect([existsSync(file('read')), existsSync(file('left'))]).toEqual([true, true]);
		await until(() => pool.stats().workers === 0);
	});

	it('holds up join while it makes the items it may be ahead, and while a task waits', async () => {
		const pool = track(new Kind(1));
		const file = files();
		async function* gated(gate: string) {
			await passed(gate);
			yield* [1, 2, 3];
		}
		const items = pool.stream(gated, [file('gate')], { buffersize: 2 });
		const task = pool.apply(identity, [1]);
		pool.close();
		const order: string[] = [];
		const joined = pool.join().then(() => order.push('joined'));
		mark(file('gate'));
		expect(await items.next()).toEqual({ done: false, value: 1 });
		await items.return?.();
		await task.then(() => order.push('done'));
		await joined;
		expect(order).toEqual(['done', 'joined']);
	});

	it('that nobody reads is ended by terminate', async () => {
		const pool = track(new Kind(1));
		pool.stream(() => {
			throw new Error('which nobody asks for');
		});
		const endless = pool.stream(count, [Number.POSITIVE_INFINITY]);
		await pool.terminate();
		expect((await drain(endless)).error).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		expect(pool.stats()).toMatchObject({ workers: 0, running: 0 });
	});

	it('waits for its turn among many on few workers, and each has its own items', async () => {
		const pool = track(new Kind(2));
		function* mine(me: number) {
			for (let n = 0; n < 40; n++) yield `${me}: ${n}`;
		}
		const streams = numbers(30).map((me) => pool.stream(mine, [me], { buffersize: 1 + (me % 3) }));
		const all = await Promise.all(streams.map(drain));
		expect(all).toEqual(numbers(30).map((me) => ({ results: numbers(40).map((n) => `${me}: ${n}`) })));
		expect(pool.stats()).toMatchObject({ queued: 0, running: 0, fulfilled: 30 });
	});

	it('answers each of several next() that wait at once, in their order', async () => {
		const pool = track(new Kind(1));
		const items = pool.stream(count, [3], { buffersize: 1 });
		const answers = await Promise.all(numbers(5).map(() => items.next()));
		expect(answers).toEqual([
			{ done: false, value: 0 },
			{ done: false, value: 1 },
			{ done: false, value: 2 },
			{ done: true, value: undefined },
			{ done: true, value: undefined },
		]);
	});

	it('ends the next() that wait when it is left', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 20 }));
		async function* stuck() {
			await new Promise(() => {});
			yield 1;
		}
		const items = pool.stream(stuck);
		const waiting = [items.next(), items.next()];
		await items.return?.();
		expect(await Promise.all(waiting)).toEqual([
			{ done: true, value: undefined },
			{ done: true, value: undefined },
		]);
	});

	it('shares the pool with another and with tasks, also in the loop over it', async () => {
		const pool = track(new Kind(3));
		const sums: number[] = [];
		const consume = async () => {
			let sum = 0;
			for await (const n of pool.stream(count, [50], { buffersize: 2 }))
				sum += await pool.apply(identity, [n]);
			sums.push(sum);
		};
		const [mapped] = await Promise.all([
			pool.map(identity, numbers(100), { chunksize: 1 }),
			consume(),
			consume(),
		]);
		expect(mapped).toEqual(numbers(100));
		expect(sums).toEqual([1_225, 1_225]);
	});

	it('holds up no task that another worker could do, however short streams of its function were', async () => {
		const pool = track(new Kind(2));
		const list = (to: number) => Array.from({ length: to }, (_, n) => n);
		for (let round = 0; round < 20; round++) {
			await drain(pool.stream(list, [2]));
			await Promise.all(numbers(50).map((n) => pool.apply(identity, [n])));
		}
		const items = pool.stream(list, [100], { buffersize: 1 });
		await items.next();
		const calls = numbers(1_000).map((n) => pool.apply(identity, [n]));
		expect(await Promise.all(calls)).toEqual(numbers(1_000)); // while nobody reads on
		expect((await drain(items)).results).toEqual(numbers(100).slice(1));
	});

	it('counts as one task of its worker, and waits by its priority', async () => {
		const pool = track(new Kind({ workers: 1, maxTasksPerWorker: 1 }));
		const file = files();
		const held = pool.apply(passed, [file('gate')]);
		const who = async function* () {
			for (let n = 0; n < 20; n++) yield whoami();
		};
		const order: string[] = [];
		const low = pool.apply(whoami).then((worker) => {
			order.push('low');
			return worker;
		});
		const high = drain(pool.stream(who, [], { priority: 1 })).then(({ results }) => {
			order.push('high');
			return new Set(results);
		});
		mark(file('gate'));
		await held;
		const workers = await high;
		expect(workers.size).toBe(1);
		expect(workers).not.toContain(await low);
		expect(order).toEqual(['high', 'low']);
	});

	it('tells of its progress among its items', async () => {
		const pool = track(new Kind(1));
		const { currentTask } = await import('@conc/pool');
		const seen: unknown[] = [];
		function* reports() {
			for (const n of [1, 2]) {
				currentTask()?.progress(`before ${n}`);
				yield n;
			}
			currentTask()?.progress(currentTask()?.name);
		}
		await drain(pool.stream(reports, [], { name: 'mine', onProgress: (value) => seen.push(value) }));
		expect(seen).toEqual(['before 1', 'before 2', 'mine']);
	});

	it('refuses at the call what makes no sense, and takes nothing over', async () => {
		const pool = track(new Kind(1));
		const stream = pool.stream.bind(pool) as (...args: unknown[]) => AsyncIterableIterator<unknown>;
		const buffer = new ArrayBuffer(8);
		const refused: [args: unknown[], kind: typeof Error, message: string][] = [
			[[5], TypeError, 'fn must be a function, not a number'],
			[[], TypeError, 'fn must be a function, not undefined'],
			[[count, 5], TypeError, 'args must be an array, not a number'],
			[[count, [1], 5], TypeError, 'options must be an object, not 5'],
			[[count, [1], null], TypeError, 'options must be an object, not null'],
			[[count, [1], { signal: {} }], TypeError, 'signal must be an AbortSignal, not an object'],
			[[count, [1], { onProgress: 5 }], TypeError, 'onProgress must be a function, not 5'],
			[[count, [1], { timeout: -1 }], RangeError, 'timeout'],
		];
		for (const [buffersize, kind, message] of [
			[0, RangeError, 'buffersize must be a whole number of at least 1, not 0'],
			[1.5, RangeError, 'buffersize must be a whole number of at least 1, not 1.5'],
			['2', TypeError, 'buffersize must be a number, not a string'],
		] as const)
			refused.push([[count, [buffer], { buffersize, transfer: [buffer] }], kind, message]);
		for (const [args, kind, message] of refused) {
			expect(() => stream(...args)).toThrow(kind);
			expect(() => stream(...args)).toThrow(message);
		}
		expect(buffer.byteLength).toBe(8);
		expect(pool.stats().workers).toBe(0);
		expect(() => stream(count, [new WeakMap()])).toThrow(CaptureError);
		pool.close();
		expect(() => stream(count, [1])).toThrow(PoolClosedError);
	});

	it('says what it is made of when that is nothing to iterate', async () => {
		const pool = track(new Kind(1));
		for (const [fn, what] of [
			[() => 5, 'a number'],
			[async () => undefined, 'undefined'],
			[() => ({}), 'an object'],
		] as const) {
			const error = await errorOf(pool.stream(fn as never).next());
			expect(error).toBeInstanceOf(TypeError);
			expect(error.message).toContain(
				'a stream comes from a generator, or from what can be iterated, not from',
			);
			expect(error.message).toContain(what);
		}
		expect(await errorOf(pool.apply(count, [1]))).toMatchObject({
			message: 'count is a generator: stream() runs it in a worker and hands over its items',
		});
	});

	it('is refused when maxQueue tasks wait', async () => {
		const pool = track(new Kind({ workers: 1, maxQueue: 0 }));
		const items = pool.stream(count, [1]);
		expect(() => pool.stream(count, [1])).toThrow(PoolFullError);
		expect(await drain(items)).toEqual({ results: [0] });
	});
});
