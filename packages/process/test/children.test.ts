import { once } from 'node:events';
import {
	appendFileSync,
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
	AbandonedLockError,
	activeChildren,
	Barrier,
	BrokenBarrierError,
	Event,
	Lock,
	Pipe,
	Process,
	Queue,
} from '@conc/process';
import { afterAll, describe, expect, it } from 'vitest';
import { gone } from './support/gone.js';
import { startManager } from './support/managers.js';

const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'conc-process-')));
afterAll(() => rmSync(directory, { recursive: true }));

/** The name of a file that is there once something has happened. */
const mark = (name: string) => path.join(directory, name);

const until = async (mark: string) => {
	while (!existsSync(mark)) await sleep(2);
};

const forever = () => new Promise<never>(() => setInterval(() => {}, 1_000));

describe('several children', () => {
	it('a hundred at once all run and end', async () => {
		const children = Array.from({ length: 100 }, (_, n) =>
			new Process({ target: (n: number) => [n, process.pid], args: [n] }).start(),
		);
		const results = await Promise.all(children.map(({ result }) => result));
		expect(results).toEqual(children.map(({ pid }, n) => [n, pid]));
		expect(await Promise.all(children.map((child) => child.join()))).not.toContain(false);
		expect(children.map(({ exitCode }) => exitCode)).toEqual(children.map(() => 0));
		expect(activeChildren()).toEqual([]);
	});

	it('are joined by one who blocks, in any order and with much to say', async () => {
		const children = [1, 2, 3].map((n) =>
			new Process({ target: (n: number) => Buffer.alloc(3_000_000, n), args: [n] }).start(),
		);
		for (const child of children.toReversed()) expect(child.joinSync()).toBe(true);
		const results = await Promise.all(children.map(({ result }) => result));
		expect(results.map((bytes) => [bytes.length, bytes.at(-1)])).toEqual(
			[1, 2, 3].map((n) => [3_000_000, n]),
		);
	});

	/** More than fits into any pipe. */
	const much = new Uint8Array(20_000_000);

	it.each<[string, () => Promise<() => [target: (bytes: Uint8Array) => unknown, block: () => unknown]>]>([
		[
			'a lock',
			async () => () => {
				const event = new Event();
				return [() => event.set(), () => event.waitSync()];
			},
		],
		[
			'a queue',
			async () => () => {
				const queue = new Queue<boolean>();
				return [() => queue.put(true), () => queue.getSync()];
			},
		],
		[
			'a pipe',
			async () => () => {
				const [here, there] = Pipe<boolean>();
				return [() => there.send(true), () => here.recvSync()];
			},
		],
		[
			'a message of limited time',
			async () => () => {
				const [here, there] = Pipe<boolean>();
				return [() => there.send(true), () => here.recvSync({ timeout: 60_000 })];
			},
		],
		[
			'something in a manager',
			async () => {
				const event = await (await startManager()).event();
				return () => [() => event.set(), () => event.waitSync()];
			},
		],
	])('get all they are sent while this thread blocks for %s', async (_, make) => {
		const [target, block] = (await make())();
		const child = new Process({ target, args: [much] }).start();
		expect(block()).toBe(true);
		expect(await child.join()).toBe(true);
	});

	it('get what is being sent to them while this thread blocks for the answer', async () => {
		const [here, there] = Pipe<Uint8Array>();
		new Process({ target: async () => there.send(await there.recv()) }).start();
		const sending = here.send(much);
		expect(here.recvSync()).toHaveLength(much.length);
		await sending;
	});

	it('get what they are sent while this thread blocks for one that waits for another', async () => {
		const seen = mark('seen');
		const waits = new Process({
			target: until,
			args: [seen],
		}).start();
		const told = new Process({
			target: (seen: string, bytes: Buffer) => writeFileSync(seen, String(bytes.length)),
			args: [seen, Buffer.alloc(10_000_000)],
		}).start();
		expect(waits.joinSync({ timeout: 30_000 })).toBe(true);
		await told.join();
	});

	it('are active from their start to their end, however they ended and before an event tells', async () => {
		const end = mark('end');
		const names = () => activeChildren().map(({ name }) => name);
		const unstarted = new Process({ target: forever, name: 'unstarted' });
		const [done, killed, lives, daemon] = [
			new Process({ target: until, args: [end], name: 'done' }).start(),
			new Process({ target: forever, name: 'killed' }).start(),
			new Process({ target: forever, name: 'lives' }).start(),
			new Process({ target: forever, name: 'daemon', daemon: true }).start(),
		];
		expect(names()).toEqual(['done', 'killed', 'lives', 'daemon']);
		writeFileSync(end, '');
		done.joinSync();
		expect(names()).toEqual(['killed', 'lives', 'daemon']);
		process.kill(killed.pid as number, 'SIGKILL');
		killed.joinSync();
		expect(names()).toEqual(['lives', 'daemon']);
		await Promise.all([lives.kill(), daemon.terminate()]);
		expect([names(), unstarted.isAlive]).toEqual([[], false]);
	});

	it.runIf(process.platform === 'linux')('leave no zombie once they are joined', async () => {
		const isListed = ({ pid }: Process) => existsSync(`/proc/${pid}`);
		const joined = new Process({ target: () => {} }).start();
		const ended = new Process({ target: forever }).start();
		const blocked = new Process({ target: () => {} }).start();
		expect([joined, ended, blocked].map(isListed)).toEqual([true, true, true]);
		await joined.join();
		await ended.kill();
		blocked.joinSync();
		await blocked.join();
		expect([joined, ended].map(isListed)).toEqual([false, false]);
		while (isListed(blocked)) await sleep(2);
	});

	it('end with the child that started them, if they are daemons', async () => {
		const loop = (running: string) => {
			writeFileSync(running, '');
			for (;;);
		};
		const target = async (running: string) => {
			const { pid } = new Process({ target: loop, args: [running], daemon: true }).start();
			await until(running);
			return pid as number;
		};
		const child = new Process({ target, args: [mark('running')] }).start();
		const pid = await child.result;
		expect([await child.join(), child.exitCode]).toEqual([true, 0]);
		await gone(pid);
	});

	it('have let go of what they held, and wait no more, when they are joined', async () => {
		for (let n = 0; n < 12; n++) {
			const lock = new Lock();
			const barrier = new Barrier(2);
			const ready = new Event();
			const child = new Process({
				target: async () => {
					await lock.acquire();
					const waiting = barrier.wait();
					ready.set();
					await waiting;
				},
			}).start();
			await ready.wait();
			while (barrier.waiting === 0) await sleep(1);
			process.kill(child.pid as number, 'SIGKILL');
			await child.join();
			expect(() => lock.tryAcquire()).toThrow(AbandonedLockError);
			await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError);
		}
	});

	it('fail by themselves: who started one goes on', async () => {
		const errors = mark('errors');
		const fd = openSync(errors, 'w');
		const fail = () => {
			throw new RangeError('below');
		};
		const target = async () => {
			const child = new Process({ target: fail, name: 'below' }).start();
			const error = await child.result.catch((error) => error);
			await child.join();
			return [String(error), child.exitCode];
		};
		const child = new Process({ target, stdio: ['ignore', 'inherit', fd] }).start();
		expect(await child.result).toEqual(['RangeError: below', 1]);
		await child.join();
		closeSync(fd);
		expect(child.exitCode).toBe(0);
		expect(readFileSync(errors, 'utf8')).toMatch(/^Process below:\nRangeError: below\n {4}at fail /);
	});

	it('may be started and joined by a thread that blocks', async () => {
		const inThread = new Worker(new URL('fixtures/joins-in-worker.mjs', import.meta.url));
		const [told] = await once(inThread, 'message');
		expect(told).toEqual({ joined: true, exitCode: 3 });
	});

	it('are named by their place in the family', async () => {
		const inside = async () => {
			new Process({ target: () => {} });
			return new Process({
				target: () => [1, 2].map(() => new Process({ target: () => {} }).name),
			}).start().result;
		};
		const child = new Process({ target: inside, name: 'any' }).start();
		const number = Number(new Process({ target: () => {} }).name.slice('Process-'.length)) - 1;
		expect(await child.result).toEqual([`Process-${number}:2:1`, `Process-${number}:2:2`]);
	});
});

describe('a child that is sent a signal', () => {
	it('may handle SIGINT, and goes on', async () => {
		const ready = mark('ready-for-int');
		const target = (ready: string) =>
			new Promise((resolve) => {
				const beat = setInterval(() => {}, 1_000);
				process.once('SIGINT', (signal) => {
					clearInterval(beat);
					resolve(signal);
				});
				writeFileSync(ready, '');
			});
		const child = new Process({ target, args: [ready] }).start();
		await until(ready);
		child.interrupt();
		expect(await child.result).toBe('SIGINT');
		await child.join();
		expect([child.exitCode, child.signalCode]).toEqual([0, null]);
	});

	it('may handle SIGTERM: terminate resolves when it is gone, and not before', async () => {
		const [ready, heard] = [mark('ready-for-term'), mark('heard')];
		const target = (ready: string, heard: string) => {
			process.on('SIGTERM', () => writeFileSync(heard, ''));
			writeFileSync(ready, '');
			return new Promise(() => setInterval(() => {}, 1_000));
		};
		const child = new Process({ target, args: [ready, heard] }).start();
		await until(ready);
		let isOver = false;
		const terminated = child.terminate().then(() => {
			isOver = true;
		});
		await until(heard);
		await sleep(0);
		expect([isOver, child.isAlive]).toEqual([false, true]);
		await child.kill();
		await terminated;
		expect([child.exitCode, child.isAlive]).toEqual([-9, false]);
	});
});

it.each([
	['returns', 'exit\n', 0],
	['exits', 'exit\n', 4],
	['throws', 'exit\n', 1],
	['waits', '', -9],
] as const)('a child that %s runs its exit hooks once, unless it is killed', async (way, hooks, exitCode) => {
	const [ready, hook] = [mark(`ready-${way}`), mark(`hook-${way}`)];
	writeFileSync(hook, '');
	const target = async (way: string, ready: string, hook: string) => {
		process.on('exit', () => appendFileSync(hook, 'exit\n'));
		writeFileSync(ready, '');
		if (way === 'exits') process.exit(4);
		if (way === 'throws') throw new Error('expected');
		if (way === 'waits') await new Promise(() => setInterval(() => {}, 1_000));
	};
	const child = new Process({ target, args: [way, ready, hook], stdio: 'ignore' }).start();
	await until(ready);
	if (way === 'waits') await child.kill();
	await child.join();
	expect([readFileSync(hook, 'utf8'), child.exitCode]).toEqual([hooks, exitCode]);
});

it('a child that is killed with a lock is called by its name to whoever wants the lock', async () => {
	const lock = new Lock({ name: 'ledger' });
	const [here, there] = Pipe<string>();
	const child = new Process({
		name: 'Accountant',
		target: async () => {
			await lock.acquire();
			await there.send('mine');
			await new Promise(() => setInterval(() => {}, 1_000));
		},
	}).start();
	expect(await here.recv()).toBe('mine');
	const owner = `Accountant (pid ${child.pid})`;
	expect(`${lock}`).toBe(`Lock "ledger" (held by ${owner})`);
	await child.kill();
	await child.join();
	await expect(lock.acquire()).rejects.toMatchObject({
		message: expect.stringMatching(
			`^Lock "ledger" was abandoned: Accountant \\(pid ${child.pid}\\) ended while`,
		),
		ownerName: owner,
	});
});
