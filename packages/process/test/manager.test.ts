import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	AuthenticationError,
	ConnectionError,
	HomeLostError,
	type Lock,
	Manager,
	Process,
	ProcessError,
	Queue,
	QueueEmptyError,
	TimeoutError,
} from '@conc/process';
import { describe, expect, it } from 'vitest';
import { begin, startManager } from './support/managers.js';

const authkey = 'a key';
const tcp = { address: { port: 0 }, authkey };

/** Whether it is on a socket of this user's, or on TCP with a key. */
describe.each([
	['on a private socket', {}],
	['on TCP', tcp],
])('a manager %s', (_, options) => {
	it('has dicts that are the same in every process', async () => {
		const dict = await (await startManager(options)).dict<string, unknown>({ a: 1 });
		const child = new Process({
			target: async () => {
				await dict.set('b', { deep: [1] });
				dict.setSync('c', 3);
				return [await dict.get('a'), dict.size, String(dict)];
			},
		}).start();
		expect(await child.result).toEqual([1, 3, expect.stringMatching(/^dict \(in the manager at /)]);
		expect(await dict.entries()).toEqual([
			['a', 1],
			['b', { deep: [1] }],
			['c', 3],
		]);
		expect(await dict.copy()).toEqual(new Map<string, unknown>(await dict.entries()));
		expect([await dict.pop('a'), await dict.pop('a', 'none'), await dict.has('a')]).toEqual([
			1,
			'none',
			false,
		]);
		expect([await dict.setdefault('d', 4), await dict.setdefault('d', 5)]).toEqual([4, 4]);
		await dict.update({ e: 5 });
		expect([await dict.delete('e'), await dict.delete('e')]).toEqual([true, false]);
		const seen: unknown[] = [];
		for await (const [key] of dict) {
			await dict.delete(key); // iteration is of what there was
			seen.push(key);
		}
		expect([seen, dict.size]).toEqual([['b', 'c', 'd'], 0]);
		await expect(dict.set({} as string, 1)).rejects.toThrow('a key must be');
	});

	it('has lists and sets', async () => {
		const serving = await startManager(options);
		const list = await serving.list([3, 1]);
		await list.append(2);
		await list.extend([5, 4]);
		await list.sort();
		expect(await list.values()).toEqual([1, 2, 3, 4, 5]);
		await list.insert(0, 9);
		await list.reverse();
		expect([await list.pop(), await list.pop(0), await list.at(-1), list.length]).toEqual([9, 5, 1, 4]);
		await list.set(0, 7);
		await list.remove(3);
		expect([await list.slice(), await list.index(2), await list.count(7)]).toEqual([[7, 2, 1], 1, 1]);
		await expect(list.pop(10)).rejects.toThrow(RangeError);
		const set = await serving.set(['a']);
		await set.add('b');
		await set.add('a');
		expect([set.size, await set.has('b'), await set.delete('b'), await set.copy()]).toEqual([
			...[2, true, true],
			new Set(['a']),
		]);
	});

	it('has namespaces, whose names are properties', async () => {
		const names = await (await startManager(options)).namespace<{ x: number; y: string }>({ x: 1 });
		const child = new Process({
			target: () => {
				names.y = `x is ${names.x}`;
			},
		}).start();
		await child.join();
		expect([names.y, 'x' in names, Object.keys(names)]).toEqual(['x is 1', true, ['x', 'y']]);
		delete names.x;
		expect([names.x, 'x' in names]).toEqual([undefined, false]);
	});

	it('has values, arrays, queues and locks', async () => {
		const serving = await startManager(options);
		const value = await serving.value('int32', 5);
		const array = await serving.array('float64', [1, 2]);
		const queue = await serving.queue<number>({ maxsize: 2 });
		const lock = await serving.lock();
		const event = await serving.event();
		const barrier = await serving.barrier(2);
		const child = new Process({
			target: async () => {
				await lock.with(() => {
					value.value += 1;
				});
				array.set(0, 7);
				await queue.put(value.value);
				await event.wait();
				return barrier.wait();
			},
		}).start();
		expect([await queue.get(), [...array]]).toEqual([6, [7, 2]]);
		event.set();
		expect(new Set([await barrier.wait(), await child.result])).toEqual(new Set([0, 1]));
		await expect(queue.get({ timeout: 0 })).rejects.toThrow(QueueEmptyError);
		const rlock = await serving.rlock();
		const condition = await serving.condition(rlock);
		const semaphore = await serving.semaphore(2);
		expect(await rlock.with(() => rlock.with(() => rlock.depth))).toBe(2);
		await condition.with(() => condition.notifyAll());
		expect([semaphore.tryAcquire(), semaphore.value]).toEqual([true, 1]);
	});

	it('holds objects in objects, which are changed wherever they are', async () => {
		const serving = await startManager(options);
		const inner = await serving.list([1]);
		const outer = await serving.dict<string, typeof inner>();
		await outer.set('inner', inner);
		const child = new Process({ target: async () => (await outer.get('inner'))?.append(2) }).start();
		await child.join();
		expect(await inner.values()).toEqual([1, 2]);
		const queue = await serving.queue();
		const queues = await serving.list([queue]);
		await (await queues.at(0))?.put('through it');
		expect(await queue.get()).toBe('through it');
	});

	it('is not had by one who has another key, or was shut down', async () => {
		const serving = await startManager(options);
		const { address } = serving;
		const dict = await serving.dict();
		if (options === tcp) {
			const stranger = new Manager({ address, authkey: 'another key' });
			await expect(stranger.connect()).rejects.toThrow(AuthenticationError);
			expect(() => new Manager({ address })).toThrow('an authkey is required');
		}
		const other = await new Manager({ ...options, address }).connect();
		expect(await (await other.dict({ a: 1 })).get('a')).toBe(1);
		await expect(other.shutdown()).rejects.toThrow('only who started');
		const pending = (await serving.queue()).get();
		pending.catch(() => {});
		await serving.shutdown();
		await expect(pending).rejects.toThrow(HomeLostError);
		await expect(dict.get('a')).rejects.toThrow(HomeLostError);
		expect(() => dict.getSync('a')).toThrow(HomeLostError);
		await expect(serving.dict()).rejects.toThrow('it was shut down');
		await expect(new Manager({ ...options, address }).connect()).rejects.toThrow(ConnectionError);
		if (options === tcp) await startManager({ address, authkey }); // which is free at once
	});
});

class Counter {
	static made = 0;
	#count = 0;
	constructor() {
		Counter.made++;
	}
	add(n: number): number {
		if (n < 0) throw new RangeError('only up');
		this.#count += n;
		return this.#count;
	}
	_private(): void {}
	async later(value: unknown): Promise<unknown> {
		return value;
	}
}

class Counting extends Manager {
	declare counter: () => Promise<{
		add(n: number): Promise<number>;
		addSync(n: number): number;
		later(value: unknown): Promise<unknown>;
	}>;
	declare bare: () => Promise<object>;
	declare tasks: () => Promise<Queue<number>>;
}

describe('registered types', () => {
	it('are made where the manager serves, and used by their public methods', async () => {
		Counting.register('counter', () => new Counter());
		Counting.register('bare', () => new Counter(), { exposed: ['add'] });
		const counting = await begin(new Counting());
		const counter = await counting.counter();
		expect([await counter.add(2), counter.addSync(3), await counter.later([1])]).toEqual([2, 5, [1]]);
		await expect(counter.add(-1)).rejects.toThrow(RangeError);
		await expect(counter.add(-1)).rejects.toMatchObject({ stack: expect.stringContaining('manager.test') });
		expect('_private' in counter).toBe(false);
		const bare = await counting.bare();
		expect(['add' in bare, 'later' in bare]).toEqual([true, false]);
		await expect(counter.add((() => 1) as never)).rejects.toThrow(/args\[0\]/);
	});

	it('give what the program has itself, as a queue of tasks', async () => {
		const tasks = new Queue<number>();
		Counting.register('tasks', () => tasks);
		const { address } = await begin(new Counting(tcp));
		const worker = new Process({
			target: async (key: string) => {
				Counting.register('tasks');
				const found = await new Counting({ address, authkey: key }).connect();
				const queue = await found.tasks();
				const n = await queue.get();
				await queue.put(n * n);
			},
			args: [authkey],
		}).start();
		await tasks.put(12);
		await worker.join();
		expect(await tasks.get()).toBe(144);
	});

	it('are refused under the name of what every manager has', () => {
		expect(() => Counting.register('start', () => 1)).toThrow('under another name');
		expect(() => Counting.register('', () => 1)).toThrow(TypeError);
	});
});

describe('the life of a manager', () => {
	it('goes one way', async () => {
		const made = new Manager();
		await expect(made.dict()).rejects.toThrow('call start() or connect() first');
		expect(() => made.address).toThrow(ProcessError);
		await expect(made.connect()).rejects.toThrow('needs the address');
		const serving = await startManager();
		await expect(serving.start()).rejects.toThrow('was started before');
		await serving.shutdown();
		await serving.shutdown();
		await expect(serving.start()).rejects.toThrow('was shut down before');
	});

	it('is told that its address is in use', async () => {
		const { address } = await startManager(tcp);
		await expect(new Manager({ address, authkey }).start()).rejects.toThrow('the address is in use');
	});

	it('goes on as long as it is to serve', async () => {
		const serving = await startManager();
		const served = serving.serveForever();
		await serving.shutdown();
		await served;
	});
});

it('what a client held when it died is abandoned, and the others are told', async () => {
	const lock = await (await startManager()).lock();
	const child = new Process({
		target: async (held: Lock) => {
			await held.acquire();
			process.kill(process.pid, 'SIGKILL');
		},
		args: [lock],
	}).start();
	await child.join();
	await expect(lock.acquire()).rejects.toThrow('was abandoned');
	expect(lock.recover()).toBe(true);
	expect(await lock.acquire()).toBe(true);
});

it('what lives elsewhere is refused, and what it is in with it', async () => {
	const [one, other] = [await startManager(), await startManager()];
	const dict = await one.dict();
	await expect(dict.set('a', await other.list())).rejects.toThrow('args[1]` lives in the manager at');
	await expect(dict.set('a', new Queue())).rejects.toThrow('make it with the manager');
	await expect(dict.set('a', () => 1)).rejects.toThrow('args[1]');
	expect(dict.size).toBe(0);
});

it('connecting to a manager that says nothing ends when its time is up, or it is aborted, and may be tried again', async () => {
	const socketDirectory = mkdtempSync(join(tmpdir(), 'silent-'));
	const path = join(socketDirectory, 'socket');
	const silent = createServer(() => {}).listen(path);
	await once(silent, 'listening');
	try {
		const manager = new Manager({ address: { path } });
		await expect(manager.connect({ timeout: 1 })).rejects.toThrow(TimeoutError);
		const reason = new Error('enough');
		const controller = new AbortController();
		const connecting = manager.connect({ signal: controller.signal });
		controller.abort(reason);
		await expect(connecting).rejects.toBe(reason);
		await expect(manager.connect({ timeout: -1 })).rejects.toThrow(RangeError);
		await expect(manager.connect({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
	} finally {
		silent.close();
		rmSync(socketDirectory, { recursive: true });
	}
});

it('when one of its two connections is refused, the other is given up', async () => {
	const serving = await startManager(tcp);
	const { port } = serving.address as { port: number };
	const ended: Promise<unknown>[] = [];
	const relay = createServer((socket) => {
		socket.on('error', () => {});
		if (ended.length > 0) return void socket.destroy();
		ended.push(new Promise((resolve) => socket.once('close', resolve)));
		const to = connect({ port, host: '127.0.0.1' }).on('error', () => {});
		socket.pipe(to).pipe(socket);
	}).listen(0, '127.0.0.1');
	await once(relay, 'listening');
	const { port: relayed } = relay.address() as { port: number };
	await expect(new Manager({ address: { port: relayed }, authkey }).connect()).rejects.toThrow(Error);
	await Promise.all(ended);
	relay.close();
});

it('connecting again does not wait for what said nothing the first time', async () => {
	const serving = await startManager(tcp);
	const { port } = serving.address as { port: number };
	let isSilent = true;
	const relay = createServer((socket) => {
		socket.on('error', () => {});
		if (isSilent) return void socket.resume();
		const to = connect({ port, host: '127.0.0.1' }).on('error', () => {});
		socket.pipe(to).pipe(socket);
	}).listen(0, '127.0.0.1');
	await once(relay, 'listening');
	const { port: relayed } = relay.address() as { port: number };
	const manager = new Manager({ address: { port: relayed }, authkey });
	await expect(manager.connect({ timeout: 50 })).rejects.toThrow(TimeoutError);
	isSilent = false;
	await manager.connect();
	expect(await (await manager.list([1])).values()).toEqual([1]);
	relay.close();
});
