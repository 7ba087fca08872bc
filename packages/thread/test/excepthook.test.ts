import {
	currentThread,
	Event,
	type Excepthook,
	SharedValue,
	setExcepthook,
	Thread,
	ThreadExitError,
	type Uncaught,
} from '@conc/thread';
import { afterEach, describe, expect, it } from 'vitest';
import { Program, run } from './support/programs.js';

const original: Excepthook = setExcepthook(() => {});
setExcepthook(original);
afterEach(() => void setExcepthook(original));

/** Collects what the hook is called with. */
function collect(): Uncaught[] {
	const seen: Uncaught[] = [];
	setExcepthook((uncaught) => void seen.push(uncaught));
	return seen;
}

class Broken extends Error {
	constructor(readonly part: string) {
		super(`${part} is broken`);
	}
}

describe('a hook', () => {
	it('is called once with the error and the Thread, before result rejects', async () => {
		const seen = collect();
		const thread = new Thread({
			target: () => {
				throw new Broken('the wheel');
			},
		}).start();
		const calls = await thread.result.catch(() => seen.length);
		await thread.join();
		expect(calls).toBe(1);
		expect(seen).toHaveLength(1);
		expect(seen[0]?.thread).toBe(thread);
		expect(seen[0]?.error).toBeInstanceOf(Broken);
		expect(seen[0]?.error).toMatchObject({ part: 'the wheel', message: 'the wheel is broken' });
	});

	it('is called within joinSync, and for a thread that had been started before it was set', () => {
		const go = new Event();
		const thread = new Thread({
			target: () => {
				go.waitSync();
				throw new Error('late');
			},
		}).start();
		const seen = collect();
		go.set();
		thread.joinSync();
		expect(seen).toEqual([{ error: new Error('late'), thread }]);
	});

	it('is called while its thread blocks in another wait, which goes on', () => {
		const told = new Event();
		let name = '';
		setExcepthook(({ thread }) => {
			name = thread.name;
			told.set();
		});
		const thread = new Thread({
			target: () => {
				throw new Error('while it blocks');
			},
		}).start();
		expect(told.waitSync()).toBe(true);
		expect(name).toBe(thread.name);
	});

	it.each([
		[
			'in a timer',
			() =>
				new Promise(() =>
					setTimeout(() => {
						throw new Error('astray');
					}),
				),
		],
		[
			'as a promise that nobody handles',
			() => {
				void Promise.reject(new Error('astray'));
				return new Promise(() => setInterval(() => {}, 1_000));
			},
		],
	])('is called for an error %s', async (_, target) => {
		const seen = collect();
		const thread = new Thread({ target }).start();
		await expect(thread.result).rejects.toThrow(ThreadExitError);
		expect(seen).toEqual([{ error: new Error('astray'), thread }]);
	});

	it('is called for what is thrown and is no error, and for what cannot be copied', async () => {
		const seen = collect();
		await new Thread({
			target: () => {
				throw 'text';
			},
		})
			.start()
			.join();
		await new Thread({
			target: () => {
				throw Object.assign(new Error('with a map'), { map: new WeakMap(), lock: new SharedValue('int8') });
			},
		})
			.start()
			.join();
		expect(seen[0]?.error).toBe('text');
		expect(seen[1]?.error).toMatchObject({ message: 'with a map', lock: expect.any(SharedValue) });
	});

	it('is called for a thread that ran out of memory', async () => {
		const seen = collect();
		const target = () => {
			let list = {};
			for (;;) list = { list };
		};
		const thread = new Thread({ target, resourceLimits: { maxOldGenerationSizeMb: 16 } }).start();
		const error = await thread.result.catch((error: unknown) => error);
		expect(seen).toEqual([{ error, thread }]);
		expect(error).toMatchObject({ exit: { reason: 'out-of-memory' } });
	});

	it('is not called for process.exit, terminate, an aborted signal, or what the target handles', async () => {
		const seen = collect();
		const exits = new Thread({ target: () => process.exit(3) }).start();
		const loops = () => {
			for (;;);
		};
		const terminated = new Thread({ target: loops }).start();
		void terminated.terminate();
		const controller = new AbortController();
		const aborted = new Thread({ target: loops, signal: controller.signal }).start();
		controller.abort();
		const handles = new Thread({
			target: () =>
				new Promise((resolve) => {
					process.on('uncaughtException', resolve);
					setTimeout(() => {
						throw new Error('handled');
					});
				}),
		}).start();
		await Promise.all([exits, terminated, aborted, handles].map((thread) => thread.join()));
		expect(await handles.result).toEqual(new Error('handled'));
		expect(seen).toEqual([]);
	});

	it('is also that of threads that threads start, however deep', async () => {
		const seen = collect();
		const outer = new Thread({
			target: async () => {
				const middle = async () => {
					const inner = new Thread({
						target: () => {
							throw new Error('deep down');
						},
						name: 'inner',
						daemon: true,
					}).start();
					await inner.join();
				};
				await new Thread({ target: middle }).start().join();
			},
		}).start();
		await outer.join();
		expect(seen).toEqual([{ error: new Error('deep down'), thread: expect.anything() }]);
		expect(String(seen[0]?.thread)).toBe('Thread(inner, stopped, daemon)');
	});

	it('of a thread counts for itself and for those it starts, in place of the one above', async () => {
		const seen = collect();
		const heard = new SharedValue('int32');
		const thread = new Thread({
			target: async () => {
				const name = currentThread().name;
				setExcepthook(() => void (currentThread().name === name && heard.add(1)));
				await new Thread({
					target: () => {
						throw new Error('the child');
					},
				})
					.start()
					.join();
				throw new Error('itself');
			},
		}).start();
		await thread.join();
		expect(heard.value).toBe(2);
		expect(seen).toEqual([]);
	});

	it('is called for each of many threads that fail at once', async () => {
		const seen = collect();
		const threads = Array.from({ length: 20 }, (_, i) =>
			new Thread({
				target: (n: number) => {
					throw new Error(`number ${n}`);
				},
				args: [i],
			}).start(),
		);
		for (const thread of threads) thread.joinSync();
		expect(new Set(seen.map(({ thread }) => thread))).toEqual(new Set(threads));
		expect(new Set(seen.map(({ error }) => (error as Error).message)).size).toBe(20);
	});
});

describe('setExcepthook', () => {
	it('returns the one before, which can be called and set again', () => {
		const mine = () => {};
		expect(setExcepthook(mine)).toBe(original);
		expect(setExcepthook(original)).toBe(mine);
		expect(setExcepthook(original)).toBe(original);
	});

	it.each([[null], [undefined], ['print']])('refuses %o', (handler) => {
		expect(() => setExcepthook(handler as never)).toThrow(/^handler must be a function, not /);
		expect(setExcepthook(original)).toBe(original);
	});
});

describe('a program with a hook', () => {
	const failed = (name: string, message: string) => `Exception in thread ${name}:\nError: ${message}\n`;
	const withoutFrames = (text: string) => text.replaceAll(/ {4}at .*\n/g, '');

	it('that throws, or returns a promise that rejects, prints that and the error, and goes on', async () => {
		const { code, stdout, stderr } = await run('hook-fails');
		const heading = 'Exception in threading.excepthook:\n';
		expect(withoutFrames(stderr)).toBe(
			`${heading}TypeError: the hook throws\n${failed('first', 'thrown')}` +
				`${heading}RangeError: the hook rejects\n${failed('second', 'thrown')}`,
		);
		expect(stdout).toBe('thrown\nthrown\nall else goes on\n');
		expect(code).toBe(0);
	});

	it('has it called before result rejects, though both are there at once', async () => {
		const { stdout } = await run('hook-before-result');
		expect(stdout).toBe('hooked\nrejected\n');
	});

	it("hears of threads that Workers of Node's own start", async () => {
		const { stdout, stderr } = await run('hook-for-worker');
		expect(stdout).toBe('hooked: of a worker\n');
		expect(stderr).toBe('');
	});

	it('prints nothing itself, and as before when the first one is set again or called', async () => {
		const { code, stdout, stderr } = await run('hook-and-back');
		expect(withoutFrames(stdout)).toBe(`hooked: silent\nhooked: both\n${failed('back', 'thrown')}`);
		expect(withoutFrames(stderr)).toBe(failed('both', 'thrown'));
		expect(code).toBe(0);
	});

	it.each(['exit', 'throw', 'end'])('has it called before the end, when that comes by %s', async (how) => {
		const { stdout } = await run('hook-at-exit', { args: [how] });
		expect(stdout).toBe('hooked: thrown\n');
	});

	it.each(['lock', 'rlock', 'semaphore', 'condition', 'writer', 'reader'])(
		'has it take what its thread is in line for: %s',
		async (wanted) => {
			const { stdout } = await run('hook-wants-lock', { args: [wanted] });
			expect(stdout).toBe('hook has it\nmain has it\n');
		},
	);

	it.each([
		['joinSync', 'hooked: Late: too late, by 5, plain\njoined\n'],
		['exit', 'hooked: Late: too late, by 5, plain\n'],
		['join', 'hooked: Late: too late, by 5, of its class\njoined\n'],
		['result', 'hooked: Late: too late, by 5, of its class\nrejected\n'],
	])('has it called before %s is done for an error of a module not imported there', async (how, printed) => {
		const { stdout } = await run('hook-before-import', { args: [how] });
		expect(stdout).toBe(printed);
	});

	it('is not kept alive by it, and ends at once where nothing fails', async () => {
		const program = new Program('hook-only');
		expect(await program.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
	});
});
