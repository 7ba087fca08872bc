import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError, Event, enumerate, SharedValue, Thread, ThreadError, Timer } from '@conc/thread';
import { describe, expect, it } from 'vitest';

/** So long that no test waits for it. */
const NEVER_MS = 1e9;

describe('a timer', () => {
	it('calls its function once with its arguments, and gives what it returns', async () => {
		const calls = new SharedValue('int32');
		const fn = (a: number, b: string) => `${a} ${b} ${calls.add(1)}`;
		const timer = new Timer(5, fn, [1, 'two']).start();
		expect(await timer.join()).toBe(true);
		expect(await timer.result).toBe('1 two 0');
		expect(calls.value).toBe(1);
	});

	it('calls it no sooner than its time, counted from the start', async () => {
		const timer = new Timer(100, () => process.hrtime.bigint());
		await sleep(20);
		const started = process.hrtime.bigint();
		const called = (await timer.start().result) as bigint;
		expect(Number(called - started)).toBeGreaterThanOrEqual(100e6);
	});

	it('calls it also while the thread that started it blocks', () => {
		const called = new Event();
		const timer = new Timer(1, () => called.set()).start();
		expect(called.waitSync()).toBe(true);
		expect(timer.joinSync()).toBe(true);
	});

	it('is a Thread: alive while it waits, with a name, among the others, and no longer', async () => {
		const timer = new Timer(NEVER_MS, () => {});
		expect(timer).toBeInstanceOf(Thread);
		expect(String(timer)).toMatch(/^Timer\(Thread-\d+, initial\)$/);
		expect(timer.isAlive).toBe(false);
		await expect(timer.join()).rejects.toThrow(ThreadError);
		timer.start();
		expect(() => timer.start()).toThrow(ThreadError);
		expect(timer.isAlive).toBe(true);
		expect(enumerate()).toContain(timer);
		timer.cancel();
		await timer.join();
		expect(timer.isAlive).toBe(false);
		expect(enumerate()).not.toContain(timer);
	});

	it('takes the options of a Thread', async () => {
		const timer = new Timer(NEVER_MS, () => {}, [], { name: 'alarm', daemon: true }).start();
		expect([timer.name, timer.daemon]).toEqual(['alarm', true]);
		await timer.terminate();
		await expect(timer.result).rejects.toThrow('alarm was terminated before its target returned');
	});

	it('sees that a signal among its arguments was aborted while it waited', async () => {
		const controller = new AbortController();
		const timer = new Timer(3_000, (signal: AbortSignal) => signal.reason, [controller.signal]).start();
		while (timer.nativeId === null && process.platform === 'linux') await sleep(1);
		await sleep(50); // it has most likely begun to wait
		controller.abort('early');
		expect(await timer.result).toBe('early');
	});

	it('names what cannot cross, not what is to be moved with it', () => {
		const { port1, port2 } = new MessageChannel();
		const args = [port2, new WeakMap()] as const;
		expect(() => new Timer(0, () => {}, args as never, { transfer: [port2] }).start()).toThrow(
			/`args\[1\]` is a WeakMap/,
		);
		port1.close();
	});

	it('has an asynchronous function waited for, and its error is its own', async () => {
		const timer = new Timer(0, async () => {
			await null;
			throw new RangeError('too late');
		}).start();
		await expect(timer.result).rejects.toThrow(new RangeError('too late'));
	});
});

describe('cancel', () => {
	it('while it waits ends it at once, and the function is never called', async () => {
		const calls = new SharedValue('int32');
		const timer = new Timer(NEVER_MS, () => calls.add(1)).start();
		expect(timer.cancel()).toBe(true);
		expect(await timer.join()).toBe(true);
		expect(await timer.result).toBe(undefined);
		expect(timer.cancel()).toBe(true);
		expect(calls.value).toBe(0);
	});

	it('while it is asleep wakes it', async () => {
		const runs = new Event();
		const timer = new Timer(Number.POSITIVE_INFINITY, () => {});
		const canceller = new Thread({
			target: (clock: Timer) => {
				runs.set();
				return clock.joinSync();
			},
			args: [timer.start()],
		}).start();
		await runs.wait();
		while (timer.nativeId === null && process.platform === 'linux') await sleep(1); // it has not begun
		timer.cancel();
		expect(await canceller.result).toBe(true);
	});

	it('before the start has it never called: join returns after the start', async () => {
		const calls = new SharedValue('int32');
		const timer = new Timer(0, () => calls.add(1));
		expect(timer.cancel()).toBe(true);
		expect(timer.start().joinSync()).toBe(true);
		expect(await timer.result).toBe(undefined);
		expect(calls.value).toBe(0);
	});

	it('is too late once the function runs', async () => {
		const [runs, go] = [new Event(), new Event()];
		const timer = new Timer(0, () => {
			runs.set();
			go.waitSync();
			return 'done';
		}).start();
		await runs.wait();
		expect(timer.cancel()).toBe(false);
		go.set();
		expect(await timer.result).toBe('done');
		expect(timer.cancel()).toBe(false);
	});
});

describe('a timer is refused', () => {
	it.each([
		[-1, new RangeError('ms must be 0 or more milliseconds, not -1')],
		[Number.NaN, new RangeError('ms must be 0 or more milliseconds, not NaN')],
		['1', new TypeError('ms must be a number of milliseconds, not a string')],
		[undefined, new TypeError('ms must be a number of milliseconds, not undefined')],
	])('for the time %s', (ms, error) => {
		expect(() => new Timer(ms as number, () => {})).toThrow(error);
	});

	it('for what is no function, no list of arguments, and no options', () => {
		expect(() => new Timer(1, 'fn' as never)).toThrow(new TypeError('fn must be a function, not a string'));
		expect(() => new Timer(1, () => {}, 5 as never)).toThrow(new TypeError('args must be an array, not 5'));
		expect(() => new Timer(1, () => {}, [], { name: 5 } as never)).toThrow(
			new TypeError('name must be a string, not 5'),
		);
		expect(() => new Timer(1, () => {}, [], 'daemon' as never)).toThrow(
			new TypeError('options must be an object, not a string'),
		);
	});

	it('at the start for what cannot cross, by its name; it can be made good', async () => {
		const box: { value: unknown } = { value: new WeakMap() };
		const timer = new Timer(0, () => box.value);
		expect(() => timer.start()).toThrow(CaptureError);
		expect(() => timer.start()).toThrow(/it uses `box.value`/);
		box.value = 'fine';
		expect(await timer.start().result).toBe('fine');
	});
});
