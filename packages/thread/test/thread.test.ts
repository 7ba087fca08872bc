import { getEventListeners } from 'node:events';
import { CaptureError, Event, setExcepthook, Thread, ThreadError, ThreadExitError } from '@conc/thread';
import { describe, expect, it } from 'vitest';
import { run } from './support/programs.js';

describe('start, join and result', () => {
	it('a thread runs its target with its arguments and gives what it returns', async () => {
		const thread = new Thread({ target: (a: number, b: string) => `${a} ${b}`, args: [1, 'two'] }).start();
		expect(await thread.result).toBe('1 two');
		expect(await thread.join()).toBe(true);
	});

	it('a target may be asynchronous and use what surrounds it', async () => {
		const scale = 3;
		const table = new Map([['four', 4]]);
		const times = (n: number) => n * scale;
		const thread = new Thread({ target: async () => times((await table.get('four')) ?? 0) }).start();
		expect(await thread.result).toBe(12);
	});

	it('the thread has the values as they were when it was started', async () => {
		let value = 'at the start';
		const thread = new Thread({ target: () => value }).start();
		value = 'later';
		expect(await thread.result).toBe('at the start');
	});

	it('isAlive is false, true, and false again', async () => {
		const go = new Event();
		const thread = new Thread({ target: () => go.waitSync() });
		expect(thread.isAlive).toBe(false);
		thread.start();
		expect(thread.isAlive).toBe(true);
		go.set();
		await thread.join();
		expect(thread.isAlive).toBe(false);
	});

	it('join is false when the time is up, and the thread goes on', async () => {
		const go = new Event();
		const thread = new Thread({ target: () => go.waitSync() }).start();
		expect(await thread.join({ timeout: 0 })).toBe(false);
		expect(await thread.join({ timeout: 5 })).toBe(false);
		expect(thread.joinSync({ timeout: 0 })).toBe(false);
		expect(thread.joinSync({ timeout: 5 })).toBe(false);
		expect(thread.isAlive).toBe(true);
		go.set();
		expect(await thread.join({ timeout: 2 ** 40 })).toBe(true);
	});

	it('joinSync right after start waits for a thread that has not booted yet', async () => {
		const thread = new Thread({ target: (size: number) => 'x'.repeat(size), args: [1_000_000] }).start();
		expect(thread.joinSync()).toBe(true);
		expect(thread.isAlive).toBe(false);
		expect(await thread.join({ timeout: 0 })).toBe(true);
		expect((await thread.result).length).toBe(1_000_000);
	});

	it('an aborted join rejects with the reason and leaves no listener; the thread goes on', async () => {
		const go = new Event();
		const thread = new Thread({ target: () => go.waitSync() }).start();
		const controller = new AbortController();
		const joined = thread.join({ signal: controller.signal });
		controller.abort('no patience');
		await expect(joined).rejects.toBe('no patience');
		expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
		go.set();
		expect(await thread.join()).toBe(true);
	});

	it('join with what is not a time or a signal is refused', async () => {
		const thread = new Thread({ target: () => {} }).start();
		await expect(thread.join({ timeout: -1 })).rejects.toThrow(RangeError);
		expect(() => thread.joinSync({ timeout: Number.NaN })).toThrow(RangeError);
		await expect(thread.join({ timeout: '1' as unknown as number })).rejects.toThrow(TypeError);
		await expect(thread.join({ signal: {} as AbortSignal })).rejects.toThrow(TypeError);
		await thread.join();
	});
});

describe('a thread in the wrong state', () => {
	it('cannot be started twice, neither while it runs nor after', async () => {
		const thread = new Thread({ target: () => {}, name: 'once' }).start();
		expect(() => thread.start()).toThrow(ThreadError);
		await thread.join();
		expect(() => thread.start()).toThrow(/^once was started before/);
	});

	it('cannot be joined or terminated before it is started', async () => {
		const thread = new Thread({ target: () => {} });
		await expect(thread.join()).rejects.toThrow(ThreadError);
		expect(() => thread.joinSync()).toThrow(/^cannot join Thread-\d+ before it is started/);
		await expect(thread.terminate()).rejects.toThrow(ThreadError);
		expect(thread.ident).toBe(null);
		expect(thread.nativeId).toBe(null);
	});

	it('cannot change its name or become a daemon', () => {
		const thread = new Thread({ target: () => {} });
		expect(() => Object.assign(thread, { daemon: true })).toThrow(TypeError);
		expect(() => Object.assign(thread, { name: 'other' })).toThrow(TypeError);
		expect(thread.daemon).toBe(false);
	});

	it('a subclass that overrides run is refused with the way out', () => {
		class Worker extends Thread {
			run() {}
		}
		expect(() => new Worker({ target: () => {} })).toThrow(
			new TypeError('a Thread runs its target: pass { target } instead of overriding run()'),
		);
	});

	it.each([
		[{ target: 1 }, 'target must be a function, not a number'],
		[{ target: null }, 'target must be a function, not null'],
		[{ target() {}, args: 'ab' }, 'args must be an array, not a string'],
		[{ target() {}, name: 1 }, 'name must be a string, not 1'],
		[{ target() {}, daemon: 1 }, 'daemon must be a boolean, not 1'],
		[{ target() {}, signal: {} }, 'signal must be an AbortSignal, not an object'],
		[{ target() {}, transfer: {} }, 'transfer must be an array, not an object'],
		[{ target() {}, resourceLimits: 5 }, 'resourceLimits must be an object, not 5'],
		[
			{ target() {}, resourceLimits: { maxOldGenerationSizeMb: -1 } },
			'resourceLimits.maxOldGenerationSizeMb must be a number above 0, not -1',
		],
		[null, 'options must be an object such as { target }, not null'],
		[undefined, 'options must be an object such as { target }, not null'],
	])('%o is refused', (options, message) => {
		expect(() => new Thread(options as never)).toThrow(new TypeError(message));
	});

	it('a time to wait that is no object of options is refused', async () => {
		const thread = new Thread({ target: () => {} }).start();
		await expect(thread.join(100 as never)).rejects.toThrow(
			new TypeError('options must be an object such as { timeout: 1000 }, not 100'),
		);
		expect(() => thread.joinSync(100 as never)).toThrow(TypeError);
		await thread.join();
	});

	it('says its state when printed', async () => {
		const thread = new Thread({ target: () => {}, name: 'T', daemon: true });
		expect(String(thread)).toBe('Thread(T, initial, daemon)');
		thread.start();
		expect(String(thread)).toBe('Thread(T, started, daemon)');
		await thread.join();
		expect(String(thread)).toBe('Thread(T, stopped, daemon)');
	});
});

describe('a refused start', () => {
	it('throws a CaptureError, starts nothing, and can be made good', async () => {
		const box: { value: unknown } = { value: new WeakMap() };
		const thread = new Thread({ target: () => box.value });
		expect(() => thread.start()).toThrow(CaptureError);
		expect(thread.isAlive).toBe(false);
		expect(String(thread)).toContain('initial');
		await expect(thread.join()).rejects.toThrow(ThreadError);
		box.value = 'fine';
		expect(await thread.start().result).toBe('fine');
	});

	it('moves nothing', () => {
		const buffer = new ArrayBuffer(8);
		const refused = new Thread({
			target: (...args: unknown[]) => args,
			args: [buffer, new WeakMap()],
			transfer: [buffer],
		});
		expect(() => refused.start()).toThrow(CaptureError);
		expect(buffer.byteLength).toBe(8);
	});
});

it('threads that share a signal share one listener on it', async () => {
	const controller = new AbortController();
	const { signal } = controller;
	const threads = Array.from({ length: 12 }, () =>
		new Thread({ target: (_: AbortSignal) => new Promise(() => {}), args: [signal], signal }).start(),
	);
	expect(getEventListeners(signal, 'abort')).toHaveLength(1);
	controller.abort('enough');
	for (const thread of threads) await expect(thread.result).rejects.toBe('enough');
	expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

describe('transfer', () => {
	it('moves a buffer instead of copying it', async () => {
		const buffer = new Uint8Array([1, 2, 3]).buffer;
		const thread = new Thread({
			target: (moved: ArrayBuffer) => new Uint8Array(moved).reduce((a, b) => a + b),
			args: [buffer],
			transfer: [buffer],
		}).start();
		expect(buffer.byteLength).toBe(0);
		expect(await thread.result).toBe(6);
	});
});

it.each([
	['has no prototype', () => Object.create(null)],
	['has a number for a stack', () => Object.assign(new Error('odd'), { stack: 42 })],
	[
		'is a revoked Proxy',
		() => {
			const { proxy, revoke } = Proxy.revocable({}, {});
			revoke();
			return proxy;
		},
	],
])(
	'what is thrown and %s still is a failure of the target, and the thread ends as usual',
	async (_, make) => {
		const target = (make: () => unknown) => {
			throw make();
		};
		const thread = new Thread({ target, args: [make] }).start();
		const error = await thread.result.then(
			() => 'no error',
			(error) => error,
		);
		expect(error).not.toBeInstanceOf(ThreadExitError);
		expect(error).not.toBe('no error');
		await thread.join();
	},
);

it('a promise that its target leaves rejected is reported, though the target has returned', async () => {
	const errors: unknown[] = [];
	const before = setExcepthook(({ error }) => errors.push((error as Error).message));
	try {
		const thread = new Thread({
			target: () => {
				void Promise.reject(new Error('left behind'));
				return 'returned';
			},
		}).start();
		expect([await thread.result, await thread.join()]).toEqual(['returned', true]);
		expect(errors).toEqual(['left behind']);
	} finally {
		setExcepthook(before);
	}
});

it('the report of an error has its cause and what else it has, and no line of ours', async () => {
	const { stderr } = await run('throw-with-cause');
	expect(stderr).toMatch(/^Exception in thread Thrower:\nError: outer\n/);
	expect(stderr).toContain("code: 'E_OUTER'");
	expect(stderr).toContain('[cause]: TypeError: inner');
	expect(stderr).not.toMatch(/conc:far|far\.cjs/);
});

it('what cannot be sent is told to a hook by the reason', async () => {
	const errors: unknown[] = [];
	const before = setExcepthook(({ error }) => errors.push((error as Error).message));
	try {
		const target = () => {
			throw Symbol('odd');
		};
		new Thread({ target }).start().joinSync();
		expect(errors).toEqual([expect.stringContaining('cannot send an uncaught error')]);
	} finally {
		setExcepthook(before);
	}
});
