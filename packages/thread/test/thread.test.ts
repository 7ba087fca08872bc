import { getEventListeners } from 'node:events';
import {
	AbandonedLockError,
	CaptureError,
	Event,
	Lock,
	Thread,
	ThreadError,
	ThreadExitError,
} from '@conc/thread';
import { describe, expect, it } from 'vitest';

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
		[{ target() {}, name: 1 }, 'name must be a string, not a number'],
		[{ target() {}, daemon: 1 }, 'daemon must be a boolean, not a number'],
		[{ target() {}, signal: {} }, 'signal must be an AbortSignal, not an object'],
		[{ target() {}, transfer: {} }, 'transfer must be an array, not an object'],
		[{ target() {}, resourceLimits: 5 }, 'resourceLimits must be an object, not a number'],
	])('%o is refused', (options, message) => {
		expect(() => new Thread(options as never)).toThrow(new TypeError(message));
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

describe('terminate', () => {
	it('ends a CPU loop', async () => {
		const loops = new Event();
		const target = () => {
			loops.set();
			for (;;);
		};
		const thread = new Thread({ target, name: 'looper' }).start();
		await loops.wait();
		await thread.terminate();
		expect(thread.isAlive).toBe(false);
		const error = await thread.result.catch((error) => error);
		expect(error).toBeInstanceOf(ThreadExitError);
		expect(error).toMatchObject({
			code: 'CONC_THREAD_EXIT',
			message: 'looper was terminated before its target returned',
			exit: { reason: 'terminated' },
		});
	});

	it('ends a thread that has just been started, also for one that waits blocking', async () => {
		for (let round = 0; round < 5; round++) {
			const thread = new Thread({
				target: () => {
					for (;;);
				},
			}).start();
			const gone = thread.terminate();
			expect(thread.joinSync()).toBe(true);
			await gone;
			await expect(thread.result).rejects.toThrow('was terminated');
		}
	});

	it('may be called again and after the end, and then changes nothing', async () => {
		const thread = new Thread({ target: () => 1 }).start();
		expect(await thread.result).toBe(1);
		await thread.join();
		await thread.terminate();
		await Promise.all([thread.terminate(), thread.terminate()]);
		expect(await thread.result).toBe(1);
	});

	it('hands a lock the thread held to the next as abandoned', async () => {
		const lock = new Lock();
		const holds = new Event();
		const owner = new Thread({
			target: () => {
				lock.acquireSync();
				holds.set();
				for (;;);
			},
		}).start();
		await holds.wait();
		const asks = new Event();
		const next = new Thread({
			target: () => {
				asks.set();
				try {
					return lock.acquireSync();
				} catch (error) {
					if (!(error instanceof AbandonedLockError)) throw error;
					lock.recover();
					return `abandoned, then ${lock.acquireSync()}`;
				}
			},
		}).start();
		await asks.wait();
		await owner.terminate();
		expect(await next.result).toBe('abandoned, then true');
	});
});

describe('signal', () => {
	it('aborting it terminates the thread, and result rejects with the reason', async () => {
		const loops = new Event();
		const controller = new AbortController();
		const target = () => {
			loops.set();
			for (;;);
		};
		const thread = new Thread({ target, signal: controller.signal }).start();
		await loops.wait();
		const reason = new Error('enough');
		controller.abort(reason);
		await expect(thread.result).rejects.toBe(reason);
		expect(await thread.join()).toBe(true);
	});

	it('aborted before the start, start throws the reason', () => {
		const thread = new Thread({ target: () => {}, signal: AbortSignal.abort('never') });
		expect(() => thread.start()).toThrow('never');
		expect(thread.isAlive).toBe(false);
	});

	it('aborted after the end, it changes nothing, and nothing listens to it any more', async () => {
		const controller = new AbortController();
		const thread = new Thread({ target: () => 'done', signal: controller.signal }).start();
		await thread.join();
		await new Promise(setImmediate);
		expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
		controller.abort();
		expect(await thread.result).toBe('done');
	});
});

describe('disposal', () => {
	it('waits for a thread, and terminates a daemon', async () => {
		const thread = new Thread({ target: async () => 'waited for' }).start();
		await thread[Symbol.asyncDispose]();
		expect(await thread.result).toBe('waited for');
		const daemon = new Thread({
			target: () => {
				for (;;);
			},
			daemon: true,
		}).start();
		await daemon[Symbol.asyncDispose]();
		expect(daemon.isAlive).toBe(false);
	});

	it('has nothing to do for a thread that was never started', async () => {
		await new Thread({ target: () => {} })[Symbol.asyncDispose]();
	});
});
