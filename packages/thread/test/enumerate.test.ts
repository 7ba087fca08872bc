import {
	activeCount,
	CaptureError,
	currentThread,
	Event,
	enumerate,
	getIdent,
	Lock,
	mainThread,
	Thread,
	type ThreadHandle,
} from '@conc/thread';
import { describe, expect, it } from 'vitest';
import { run } from './support/programs.js';

const names = (threads: readonly ThreadHandle[]) => threads.map(({ name }) => name);

describe('enumerate', () => {
	it('has a thread from its start to its end, and not before or after', async () => {
		const go = new Event();
		const thread = new Thread({ target: () => go.waitSync() });
		expect(enumerate()).toEqual([mainThread()]);
		thread.start();
		expect(enumerate()).toEqual([mainThread(), thread]);
		expect(activeCount()).toBe(2);
		go.set();
		await thread.join();
		expect(enumerate()).toEqual([mainThread()]);
		expect(activeCount()).toBe(1);
	});

	it('has nothing of a thread after joinSync, and after its termination', async () => {
		const thread = new Thread({ target: () => {} }).start();
		thread.joinSync();
		expect(enumerate()).toEqual([mainThread()]);
		const endless = new Thread({
			target: () => {
				for (;;);
			},
		}).start();
		expect(activeCount()).toBe(2);
		await endless.terminate();
		expect(activeCount()).toBe(1);
	});

	it('has nothing of a thread that failed to start', async () => {
		const refused = new Thread({ target: (map: WeakMap<object, unknown>) => map, args: [new WeakMap()] });
		expect(() => refused.start()).toThrow(CaptureError);
		expect(enumerate()).toEqual([mainThread()]);
		// Here the refusal comes when its record is made already.
		const { stdout } = await run('refused-start');
		expect(JSON.parse(stdout)).toEqual(['StartupRecursionError', 'MainThread', 'Thread-1']);
	});

	it('gives the caller its own Threads, and itself as currentThread', async () => {
		const go = new Event();
		const thread = new Thread({ target: () => go.waitSync() }).start();
		expect(enumerate().find((one) => one !== currentThread())).toBe(thread);
		expect(enumerate().find((one) => one.ident === getIdent())).toBe(currentThread());
		go.set();
		await thread.join();
	});

	it('tells any thread of all others, whoever started them', async () => {
		const { stdout } = await run('enumerate-family');
		const lists = JSON.parse(stdout) as unknown[];
		const all = [
			{ name: 'MainThread', daemon: false, isAlive: true },
			{ name: 'outer', daemon: false, isAlive: true },
			{ name: 'Thread-1', daemon: true, isAlive: true },
		];
		expect(lists).toEqual([all, all, all]);
	});

	it('has the idents and native ids that the threads have themselves', async () => {
		const [told, go] = [new Event(), new Event()];
		const target = () => {
			told.set();
			go.waitSync();
			const { ident, nativeId } = currentThread();
			return { ident, nativeId };
		};
		const thread = new Thread({ target }).start();
		await told.wait();
		const { ident, nativeId } = enumerate()[1] as ThreadHandle;
		go.set();
		expect(await thread.result).toEqual({ ident, nativeId });
		await thread.join();
	});

	it('keeps a name whole for the thread and for the one that started it; others see its beginning', async () => {
		const name = 'é'.repeat(1_000);
		const go = new Event();
		const thread = new Thread({
			target: () => {
				const seen = enumerate().map((one) => one.name);
				go.waitSync();
				return [seen[1], currentThread().name];
			},
			name,
		}).start();
		const other = new Thread({ target: () => enumerate()[1]?.name }).start();
		expect(await other.result).toBe('é'.repeat(124));
		expect(names(enumerate())).toContain(name);
		go.set();
		expect(await thread.result).toEqual([name, name]);
		await Promise.all([thread.join(), other.join()]);
	});

	it('is right while threads come and go', async () => {
		const rounds = Array.from({ length: 30 }, async () => {
			const thread = new Thread({ target: () => enumerate().map(({ name }) => name) }).start();
			expect(enumerate()).toContain(thread);
			expect(await thread.result).toEqual(expect.arrayContaining(['MainThread', thread.name]));
			await thread.join();
			expect(enumerate()).not.toContain(thread);
		});
		await Promise.all(rounds);
		expect(enumerate()).toEqual([mainThread()]);
	});
});

describe("Workers of Node's own", () => {
	it('are listed once they use the package, know all others, and leave no entry', async () => {
		const { stdout } = await run('foreign-workers');
		expect(JSON.parse(stdout)).toEqual({
			before: ['MainThread'],
			during: ['MainThread', ...Array.from({ length: 15 }, (_, i) => `Worker-${i + 1}`)],
			seenByTheLast: 16,
			joined: true,
			sum: 15,
			after: ['MainThread'],
		});
	});

	it('that were started before know the main thread and their own', async () => {
		const { stdout } = await run('early-worker');
		expect(JSON.parse(stdout)).toEqual({
			before: ['MainThread', 'Worker-1'],
			during: ['MainThread', 'Worker-1', 'mine'],
			main: true,
			isAlive: true,
		});
	});
});

describe('a handle', () => {
	it('given to another thread is one of the same thread, and given back is the Thread itself', async () => {
		const go = new Event();
		const first = new Thread({ target: () => go.waitSync(), name: 'first' }).start();
		const second = new Thread({
			target: (other: ThreadHandle) => {
				const { name, isAlive, ident } = other;
				const waits = other.joinSync({ timeout: 0 });
				go.set();
				return { name, isAlive, ident, waits, ended: other.joinSync(), other, self: currentThread() };
			},
			args: [first],
		}).start();
		const { ident } = first;
		const { other, self, ...rest } = await second.result;
		expect(rest).toEqual({ name: 'first', isAlive: true, ident, waits: false, ended: true });
		expect(other.name).toBe('first');
		expect(self).toBe(second);
		await second.join();
	});

	it('of a thread that another started can be awaited, with a timeout and a signal', async () => {
		const go = new Event();
		const first = new Thread({ target: () => go.waitSync() }).start();
		const second = new Thread({
			target: async (other: ThreadHandle) => {
				const aborted = await other.join({ signal: AbortSignal.abort('no patience') }).catch(String);
				const late = await other.join({ timeout: 5 });
				go.set();
				return [aborted, late, await other.join(), await other.join({ timeout: 0 })];
			},
			args: [first],
		}).start();
		expect(await second.result).toEqual(['no patience', false, true, true]);
	});

	it('of a thread that was not started, or to another process, is refused', () => {
		const thread = new Thread({ target: () => {}, name: 'unborn' });
		const start = () => new Thread({ target: (other: ThreadHandle) => other.name, args: [thread] }).start();
		expect(start).toThrow(/`args\[0\]` is a thread that has not been started/);
	});
});

describe('join is an error', () => {
	it('of a thread by itself, by either way', async () => {
		const target = async () => {
			const self = currentThread();
			const failed = await self.join().catch((error: Error) => `${error.name}: ${error.message}`);
			try {
				return self.joinSync();
			} catch (error) {
				return [failed, `${(error as Error).name}: ${(error as Error).message}`];
			}
		};
		const message = 'ThreadError: looped cannot join itself: it would wait for its own end';
		expect(await new Thread({ target, name: 'looped' }).start().result).toEqual([message, message]);
		expect(() => currentThread().joinSync()).toThrow('MainThread cannot join itself');
	});

	it('of those that end only after it: the main thread and the one that started it', async () => {
		const outer = async () => {
			const above = currentThread();
			const inner = () =>
				[above, mainThread()].map((thread) => {
					try {
						return thread.joinSync();
					} catch (error) {
						return String(error);
					}
				});
			return new Thread({ target: inner }).start().result;
		};
		const refusal = (name: string) =>
			`ThreadError: cannot join ${name} from a thread of its own: it ends only after that`;
		expect(await new Thread({ target: outer, name: 'above' }).start().result).toEqual([
			refusal('above'),
			refusal('MainThread'),
		]);
	});
});

it('fifteen threads that use a lock leave only what was there', async () => {
	const lock = new Lock();
	const target = () => lock.withSync(() => getIdent());
	const threads = Array.from({ length: 15 }, () => new Thread({ target }).start());
	expect(new Set(await Promise.all(threads.map(({ result }) => result))).size).toBe(15);
	await Promise.all(threads.map((thread) => thread.join()));
	expect(enumerate()).toEqual([mainThread()]);
});
