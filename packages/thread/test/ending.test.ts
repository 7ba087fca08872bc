import { getEventListeners } from 'node:events';
import { AbandonedLockError, Event, Lock, Thread, ThreadExitError } from '@conc/thread';
import { describe, expect, it } from 'vitest';

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
