import { currentThread, Event, getIdent, getNativeId, mainThread, Thread } from '@conc/thread';
import { describe, expect, it } from 'vitest';
import { run } from './support/programs.js';

describe('names', () => {
	it('threads without a name are numbered, those with one are not', () => {
		const threads = [
			new Thread({ target: () => {} }),
			new Thread({ target: () => {}, name: 'mine' }),
			new Thread({ target: () => {} }),
		];
		const [first, mine, second] = threads.map(({ name }) => name) as [string, string, string];
		expect(first).toMatch(/^Thread-\d+$/);
		expect(mine).toBe('mine');
		expect(second).toBe(`Thread-${Number(first.slice('Thread-'.length)) + 1}`);
	});

	it('numbers are unique among all threads, also those that threads start, and begin with 1', async () => {
		const { stdout } = await run('names');
		const families = JSON.parse(stdout) as string[][];
		const names = families.flatMap((family) => family.slice(0, 2));
		expect(names.sort()).toEqual(Array.from({ length: 8 }, (_, i) => `Thread-${i + 1}`));
		for (const [, inner, seenInside] of families) expect(seenInside).toBe(inner);
	});
});

describe('currentThread', () => {
	it('is the main thread in the main thread', () => {
		expect(currentThread()).toBe(mainThread());
		expect(currentThread()).toMatchObject({ name: 'MainThread', daemon: false, isAlive: true });
		expect(String(mainThread())).toBe('Thread(MainThread, started)');
	});

	it('in a thread knows what the one that started it knows', async () => {
		const told = new Event();
		const target = () => {
			told.waitSync();
			const { name, daemon, ident, nativeId, isAlive } = currentThread();
			return {
				name,
				daemon,
				ident,
				nativeId,
				isAlive,
				main: mainThread().name,
				text: String(currentThread()),
			};
		};
		const thread = new Thread({ target, name: 'fib', daemon: true }).start();
		const { ident } = thread;
		told.set();
		await thread.join();
		expect(await thread.result).toEqual({
			name: 'fib',
			daemon: true,
			ident,
			nativeId: process.platform === 'linux' ? expect.any(Number) : null,
			isAlive: true,
			main: 'MainThread',
			text: 'Thread(fib, started, daemon)',
		});
	});

	it("works in a Worker of Node's own, and for the threads that one starts", async () => {
		const { stdout } = await run('raw-worker');
		const [main, worker, thread] = stdout.split('\n');
		expect(JSON.parse(main ?? '')).toMatchObject({ name: 'MainThread', isMainThread: true });
		expect(JSON.parse(worker ?? '')).toEqual({
			isMainThread: false,
			threadId: 1,
			name: 'Worker-1',
			daemon: false,
			isAlive: true,
			main: 'MainThread',
		});
		expect(thread).toBe('Thread-1');
	});
});

describe('ids', () => {
	it('are those of the thread, and differ among the living', async () => {
		const go = new Event();
		const target = () => {
			go.waitSync();
			return [getIdent(), getNativeId()];
		};
		const threads = [new Thread({ target }).start(), new Thread({ target }).start()];
		const idents = threads.map(({ ident }) => ident);
		go.set();
		const seen = await Promise.all(threads.map((thread) => thread.result));
		expect(seen.map(([ident]) => ident)).toEqual(idents);
		expect(new Set([...idents, getIdent()]).size).toBe(3);
		expect(getIdent()).toBe(currentThread().ident);
	});

	it.runIf(process.platform === 'linux')('native ids are those of the kernel', async () => {
		expect(getNativeId()).toBe(process.pid);
		const thread = new Thread({ target: () => getNativeId() }).start();
		const nativeId = await thread.result;
		expect(nativeId).not.toBe(process.pid);
		expect(nativeId).toBeGreaterThan(0);
	});
});
