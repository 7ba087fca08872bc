import { existsSync, readFileSync } from 'node:fs';
import { CancelledError, CaptureError, currentTask, TimeoutError } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { mark } from './fixtures/tasks.mjs';
import { blockUntil, drain, errorOf, files, kinds, there, track, whoami } from './support/pools.js';
import { result } from './support/programs.js';
import { hold, note, warm } from './support/short-tasks.js';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A wait that nothing cuts short: a task that ends within it ends by itself. */
const NEVER = 2 ** 31;

/** To be run by a worker: looks at its signal, says that it does, and ends when it is aborted. */
async function heed(begun: string, told: string) {
	const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
	currentTask()?.progress('listens');
	mark(begun);
	await new Promise((resolve) => signal.addEventListener('abort', resolve));
	mark(told);
	return 'which nobody gets';
}

/** Resolves with the options of a call that says when it has begun to listen. */
function listening() {
	let onProgress: (value: unknown) => void = () => {};
	const listens = new Promise((resolve) => {
		onProgress = resolve;
	});
	return { listens, onProgress: (value: unknown) => onProgress(value) };
}

describe.each(kinds)('the currentTask() of a $name', ({ name, Kind }) => {
	it('is null in the main thread, and in a worker where no task runs', async () => {
		expect(currentTask()).toBe(null);
		const pool = track(new Kind(1));
		const file = files();
		const later = (gate: string, seen: string) => {
			const look = () => {
				if (!existsSync(gate)) return void setTimeout(look, 1);
				mark(`${seen} ${currentTask() === null}`);
			};
			look();
			return currentTask() === null;
		};
		expect(await pool.apply(later, [file('gate'), file('seen')])).toBe(false);
		mark(file('gate'));
		await there(`${file('seen')} true`);
		expect(currentTask()).toBe(null);
	});

	it('is the same while a task runs, and another for the next', async () => {
		const pool = track(new Kind(1));
		const look = async () => {
			const first = currentTask();
			await new Promise((resolve) => setTimeout(resolve, 1));
			const isSame = first === currentTask() && first?.signal === currentTask()?.signal;
			const before = Reflect.get(globalThis, 'before');
			Reflect.set(globalThis, 'before', first);
			return [isSame, before === first];
		};
		expect(await pool.apply(look)).toEqual([true, false]);
		expect(await pool.apply(look)).toEqual([true, false]);
	});

	it('has the name of the call, else that of the function', async () => {
		const pool = track(new Kind(1));
		function named() {
			return currentTask()?.name;
		}
		const captured = { prefix: 'a' };
		const capturing = (n: number) => `${captured.prefix}${n}: ${currentTask()?.name}`;
		expect(await pool.apply(named)).toBe('named');
		expect(await pool.apply(named, [], { name: 'given' })).toBe('given');
		expect(await pool.apply(async () => currentTask()?.name)).toBe('');
		expect(await pool.apply(capturing, [1], { name: 'given' })).toBe('a1: given');
		expect(await pool.map(capturing, [1, 2])).toEqual(['a1: capturing', 'a2: capturing']);
		// Also of short ones that are given to the worker ahead of time.
		const names = numbers(300).map((n) => pool.apply(named, [], n % 2 === 0 ? {} : { name: `${n}` }));
		expect(await Promise.all(names)).toEqual(numbers(300).map((n) => (n % 2 === 0 ? 'named' : `${n}`)));
	});

	it('reports progress in order, before the result', async () => {
		const pool = track(new Kind(1));
		const seen: unknown[] = [];
		const onProgress = (value: unknown) => seen.push(value);
		const values = [
			1,
			'two',
			undefined,
			null,
			{ deep: [new Map([[1, new Date(0)]])] },
			new RangeError('six'),
		];
		const report = (all: unknown[]) => {
			for (const value of all) currentTask()?.progress(value);
			return 'small';
		};
		const pausing = async (all: unknown[]) => {
			for (const value of all) {
				await new Promise((resolve) => setImmediate(resolve));
				currentTask()?.progress(value);
			}
			return { big: new Array(1_000).fill('x') };
		};
		for (const fn of [report as (all: unknown[]) => unknown, pausing]) {
			seen.length = 0;
			await pool.apply(fn, [values], { onProgress }).then(() => seen.push('result'));
			expect(seen).toEqual([...values, 'result']);
			seen.length = 0;
			const callback = () => seen.push('callback');
			await pool.applyAsync(fn, [values], { onProgress, callback }).then(() => seen.push('result'));
			expect(seen).toEqual([...values, 'callback', 'result']);
		}
		seen.length = 0;
		await pool.apply(report, [numbers(2_000)], { onProgress });
		expect(seen).toEqual(numbers(2_000));
		const fails = (n: number) => {
			currentTask()?.progress(n);
			throw new RangeError('after it');
		};
		seen.length = 0;
		const errorCallback = (error: unknown) => seen.push((error as Error).message);
		await errorOf(pool.applyAsync(fails, [5], { onProgress, errorCallback }));
		expect(seen).toEqual([5, 'after it']);
	});

	it('reports progress to the call it belongs to, and to nobody where it asks for none', async () => {
		const pool = track(new Kind(2));
		const report = (n: number) => {
			currentTask()?.progress(n);
			return n;
		};
		const seen = numbers(100).map((): unknown[] => []);
		const calls = numbers(100).map((n) =>
			pool.apply(report, [n], n % 2 === 0 ? { onProgress: (value) => seen[n]?.push(value) } : {}),
		);
		expect(await Promise.all(calls)).toEqual(numbers(100));
		expect(seen).toEqual(numbers(100).map((n) => (n % 2 === 0 ? [n] : [])));
		expect(await pool.map(report, [1, 2])).toEqual([1, 2]);
	});

	it('throws in the task for a progress that cannot cross, and the task goes on', async () => {
		const pool = track(new Kind(1));
		const seen: unknown[] = [];
		const weak = () => {
			currentTask()?.progress(1);
			try {
				currentTask()?.progress({ deep: [new WeakMap()] });
			} catch (error) {
				currentTask()?.progress(2);
				return error as Error;
			}
			return null;
		};
		const error = await pool.apply(weak, [], { onProgress: (value) => seen.push(value) });
		expect(error).toBeInstanceOf(CaptureError);
		expect(error?.message).toContain('the progress of `weak`');
		expect(error?.message).toContain('value.deep[0]');
		expect(seen).toEqual([1, 2]);
		const unaware = () => currentTask()?.progress(new WeakMap());
		expect(await errorOf(pool.apply(unaware))).toMatchObject({ code: 'CONC_CAPTURE' });
	});

	it('leaves what an onProgress throws an uncaught exception, which the task knows nothing of', async () => {
		expect(await result('progress-throws.mjs', [name])).toEqual(['done', 'uncaught: onProgress threw']);
	});

	it.each(['signal', 'cancel', 'timeout'])(
		'lets a task that listens end by itself at its %s',
		async (how) => {
			const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
			const file = files();
			const worker = await pool.apply(whoami);
			const { listens, onProgress } = listening();
			const controller = new AbortController();
			const call = pool.applyAsync(heed, [file('begun'), file('told')], {
				onProgress,
				signal: controller.signal,
				timeout: how === 'timeout' ? 1_000 : undefined,
			});
			await listens;
			if (how === 'signal') controller.abort(new Error('enough'));
			if (how === 'cancel') expect(call.cancel()).toBe(true);
			const error = await errorOf(call);
			if (how === 'signal') expect(error).toBe(controller.signal.reason);
			else expect(error).toBeInstanceOf(how === 'cancel' ? CancelledError : TimeoutError);
			expect(existsSync(file('told'))).toBe(true);
			expect(await pool.apply(whoami)).toBe(worker);
			expect(pool.stats()).toMatchObject({ workers: 1, rejected: 1, crashes: 0 });
		},
	);

	it('has a signal whose reason is that of the call', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
		const file = files();
		const reason = async (path: string) => {
			const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
			currentTask()?.progress('listens');
			await new Promise((resolve) => signal.addEventListener('abort', resolve));
			mark(`${path} ${signal.reason.name} ${signal.reason.message}`);
		};
		const { listens, onProgress } = listening();
		const controller = new AbortController();
		const call = pool.apply(reason, [file('reason')], { signal: controller.signal, onProgress });
		await listens;
		controller.abort(new RangeError('enough'));
		expect(await errorOf(call)).toBe(controller.signal.reason);
		expect(existsSync(`${file('reason')} RangeError enough`)).toBe(true);

		const again = listening();
		const weak = new AbortController();
		const other = pool.apply(reason, [file('weak')], { signal: weak.signal, onProgress: again.onProgress });
		await again.listens;
		weak.abort({ socket: new WeakMap(), name: 'weak' }); // what cannot cross is replaced, the abort arrives
		expect(await errorOf(other)).toBe(weak.signal.reason);
	});

	it('lets a loop that never waits end by itself, if it asks each time round', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
		const file = files();
		const worker = await pool.apply(whoami);
		const { listens, onProgress } = listening();
		const loop = (path: string) => {
			let isTold = false;
			while (!currentTask()?.signal.aborted) {
				if (isTold) continue;
				isTold = true;
				currentTask()?.progress('listens');
			}
			mark(path);
		};
		const call = pool.applyAsync(loop, [file('ended')], { onProgress });
		await listens;
		call.cancel();
		expect(await errorOf(call)).toBeInstanceOf(CancelledError);
		expect(existsSync(file('ended'))).toBe(true);
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it.each([0, 20])(
		'does not let a task that listens go on for longer than a gracePeriod of %i',
		async (gracePeriod) => {
			const pool = track(new Kind({ workers: 1, gracePeriod }));
			const worker = await pool.apply(whoami);
			const deaf = (isBusy: boolean) => {
				currentTask()?.signal;
				currentTask()?.progress('listens');
				if (isBusy) for (;;);
				return new Promise(() => {});
			};
			for (const isBusy of [true, false]) {
				const { listens, onProgress } = listening();
				const call = pool.applyAsync(deaf, [isBusy], { onProgress });
				await listens;
				call.cancel();
				expect(await errorOf(call)).toBeInstanceOf(CancelledError);
			}
			expect(await pool.apply(whoami)).not.toBe(worker);
			expect(pool.stats()).toMatchObject({ rejected: 2, crashes: 0 });
		},
	);

	it('gives a task one gracePeriod, however often it is cancelled', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: 300 }));
		const deaf = () => {
			currentTask()?.signal;
			currentTask()?.progress('listens');
			return new Promise(() => {});
		};
		const { listens, onProgress } = listening();
		const call = pool.applyAsync(deaf, [], { onProgress });
		await listens;
		const again = setInterval(() => call.cancel(), 10);
		expect(await errorOf(call)).toBeInstanceOf(CancelledError);
		clearInterval(again);
	});

	it.each(['signal', 'cancel', 'timeout'])(
		'has a task stopped at once at its %s that does not look',
		async (how) => {
			const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
			const file = files();
			const worker = await pool.apply(whoami);
			const controller = new AbortController();
			const unaware = (begun: string) => {
				currentTask()?.progress('not its signal');
				mark(begun);
				return new Promise(() => {});
			};
			const call = pool.applyAsync(unaware, [file('begun')], {
				signal: controller.signal,
				timeout: how === 'timeout' ? 50 : undefined,
			});
			if (how !== 'timeout') await there(file('begun'));
			if (how === 'signal') controller.abort();
			if (how === 'cancel') call.cancel();
			await errorOf(call);
			expect(await pool.apply(whoami)).not.toBe(worker);
		},
	);

	it('has a signal that is never aborted for another task', async () => {
		const pool = track(new Kind({ workers: 2, gracePeriod: NEVER }));
		const file = files();
		const wait = async (gate: string) => {
			const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
			currentTask()?.progress('listens');
			while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 1));
			return signal.aborted || currentTask()?.signal.aborted;
		};
		const neighbour = listening();
		const waiting = pool.apply(wait, [file('gate')], { onProgress: neighbour.onProgress });
		await neighbour.listens;
		for (let round = 0; round < 5; round++) {
			const { listens, onProgress } = listening();
			const call = pool.applyAsync(heed, [file('begun'), file('told')], { onProgress });
			const queued = pool.apply(() => currentTask()?.signal.aborted); // on the same worker, after it
			await listens;
			call.cancel();
			expect(await errorOf(call)).toBeInstanceOf(CancelledError);
			expect(await queued).toBe(false);
		}
		mark(file('gate'));
		expect(await waiting).toBe(false);
		expect(pool.stats()).toMatchObject({ workers: 2, rejected: 5, crashes: 0 });
	});

	it('that is kept beyond its task takes no other task out of its turn', async () => {
		const pool = track(new Kind(1));
		const file = files();
		const keep = (looks: string, gate: string) => {
			const kept = currentTask();
			const look = () => {
				mark(looks);
				while (!existsSync(gate));
				kept?.signal;
			};
			setTimeout(look, 1);
		};
		await pool.apply(keep, [file('looks'), file('gate')]);
		await there(file('looks'));
		const next = pool.apply(Math.abs, [-1]);
		await new Promise((resolve) => setImmediate(resolve)); // it is sent
		mark(file('gate'));
		expect(await next).toBe(1);
	});

	it('may be asked while its task hears that it is cancelled, and what came with that runs once', async () => {
		// What a function captures makes a difference to how it is sent.
		const initializer = () => void Reflect.set(globalThis, 'currentTask', currentTask);
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER, initializer }));
		const file = files();
		const hear = (sent?: string, heard?: string, gate?: string) => {
			if (sent === undefined || heard === undefined || gate === undefined) return undefined;
			const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
			const current = Reflect.get(globalThis, 'currentTask') as () => NonNullable<
				ReturnType<typeof currentTask>
			>;
			const heeding = new Promise<void>((resolve) => {
				current().signal.addEventListener('abort', () => {
					writeFileSync(heard, '');
					while (!existsSync(gate));
					current().signal;
					writeFileSync(`${heard} and asked`, '');
					resolve();
				});
			});
			current().progress('listens');
			while (!existsSync(sent));
			return heeding;
		};
		await warm(() => pool.apply(hear));
		await warm(() => pool.apply(note));
		const { listens, onProgress } = listening();
		const hearing = pool.applyAsync(hear, [file('sent'), file('heard'), file('gate')], { onProgress });
		await listens;
		const first = pool.apply(note, [file('runs'), 'first']);
		hearing.cancel();
		await Promise.resolve(); // both are sent
		mark(file('sent'));
		blockUntil(() => existsSync(file('heard')));
		const second = pool.apply(note, [file('runs'), 'second']);
		await Promise.resolve();
		mark(file('gate'));
		blockUntil(() => existsSync(file('heard and asked')));
		expect(await errorOf(hearing)).toBeInstanceOf(CancelledError);
		expect(await Promise.all([first, second])).toEqual(['first', 'second']);
		await pool.apply(note);
		expect(readFileSync(file('runs'), 'utf8')).toBe('first\nsecond\n');
	});

	it('tells a task that was cancelled before it began, where it could not be had back', async () => {
		const initializer = () => void Reflect.set(globalThis, 'currentTask', currentTask);
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER, initializer }));
		const file = files();
		const heedAfter = (begun?: string, told?: string) => {
			if (begun === undefined || told === undefined) return undefined;
			const { writeFileSync } = process.getBuiltinModule('node:fs');
			const { signal } = (Reflect.get(globalThis, 'currentTask') as typeof currentTask)() as {
				signal: AbortSignal;
			};
			writeFileSync(begun, '');
			return new Promise<void>((resolve) => {
				signal.addEventListener('abort', () => {
					writeFileSync(told, '');
					resolve();
				});
			});
		};
		await warm(() => pool.apply(hold));
		await warm(() => pool.apply(heedAfter));
		const worker = await pool.apply(whoami);
		const long = pool.apply(hold, [file('long'), file('gate'), true]);
		const behind = pool.applyAsync(heedAfter, [file('begun'), file('told')]);
		await there(file('long'));
		behind.cancel();
		await Promise.resolve();
		mark(file('gate'));
		// From a process it may come back or not, and that it listens is known together with the end of the one before.
		const from = performance.now();
		if (name === 'Pool') blockUntil(() => existsSync(file('begun')) || performance.now() - from > 1_000);
		await long;
		expect(await errorOf(behind)).toBeInstanceOf(CancelledError);
		expect(existsSync(file('told'))).toBe(existsSync(file('begun')));
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it('tells each chunk of a map that is cancelled', async () => {
		const pool = track(new Kind({ workers: 2, gracePeriod: NEVER }));
		const file = files();
		const heedItem = async (n: string) => {
			const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
			mark(n);
			await new Promise((resolve) => signal.addEventListener('abort', resolve));
			mark(`${n} told`);
		};
		const controller = new AbortController();
		const call = pool.map(heedItem, [file(1), file(2)], { chunksize: 1, signal: controller.signal });
		await there(file(1), file(2));
		// That they listen was sent before: it is known as soon as the event loop comes round.
		for (const _ of numbers(3)) await new Promise((resolve) => setImmediate(resolve));
		controller.abort(new Error('enough'));
		expect(await errorOf(call)).toBe(controller.signal.reason);
		await there(`${file(1)} told`, `${file(2)} told`);
	});

	it('lets a stream that listens close its generator, wherever it is', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
		const file = files();
		const worker = await pool.apply(whoami);
		async function* listens(closed: string, hangs: boolean) {
			const { signal } = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
			try {
				yield 1;
				if (hangs) await new Promise((resolve) => signal.addEventListener('abort', resolve));
				for (;;) yield 2;
			} finally {
				mark(closed);
			}
		}
		for (const hangs of [true, false]) {
			// It waits for its consumer, or for something else.
			const controller = new AbortController();
			const { signal } = controller;
			const options = { signal, buffersize: hangs ? 5 : 1 };
			const items = pool.stream(listens, [file(`aborted ${hangs}`), hangs], options);
			expect(await items.next()).toEqual({ done: false, value: 1 });
			controller.abort(new Error('enough'));
			expect((await drain(items)).error).toBe(signal.reason);
			expect(existsSync(file(`aborted ${hangs}`))).toBe(true);

			const left = pool.stream(listens, [file(`left ${hangs}`), hangs], { buffersize: 1 });
			for await (const _ of left) break;
			expect(existsSync(file(`left ${hangs}`))).toBe(true);
		}
		expect(await pool.apply(whoami)).toBe(worker);
	});

	it('has no say in terminate, which waits for nobody', async () => {
		const pool = track(new Kind({ workers: 1, gracePeriod: NEVER }));
		const file = files();
		const { listens, onProgress } = listening();
		const call = errorOf(pool.apply(heed, [file('begun'), file('told')], { onProgress }));
		await listens;
		await pool.terminate();
		expect(await call).toMatchObject({ code: 'CONC_POOL_TERMINATED' });
		expect(existsSync(file('told'))).toBe(false);
	});

	it.each([
		[{ gracePeriod: -1 }, RangeError, 'gracePeriod must be 0 or more milliseconds, not -1'],
		[{ gracePeriod: Number.NaN }, RangeError, 'gracePeriod must be 0 or more milliseconds, not NaN'],
		[{ gracePeriod: '9' }, TypeError, 'gracePeriod must be a number of milliseconds, not a string'],
		[{ gracePeriod: null }, TypeError, 'gracePeriod must be a number of milliseconds, not null'],
	])('cannot be had with %j', (options, kind, message) => {
		expect(() => new Kind(options as never)).toThrow(kind);
		expect(() => new Kind(options as never)).toThrow(message);
	});

	it.each([5, 'log', null])('refuses %j as onProgress', async (onProgress) => {
		const pool = track(new Kind(1));
		const options = { onProgress } as never;
		for (const call of [pool.apply(whoami, [], options), pool.applyAsync(whoami, [], options)]) {
			const error = await errorOf(call);
			expect(error).toBeInstanceOf(TypeError);
			expect(error.message).toContain('onProgress must be a function, not ');
		}
		expect(pool.stats().workers).toBe(0);
	});
});
