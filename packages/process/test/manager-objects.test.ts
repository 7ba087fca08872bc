import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
	AbandonedLockError,
	AuthenticationError,
	CaptureError,
	ConnectionError,
	type DictProxy,
	HomeLostError,
	type ListProxy,
	Lock,
	Manager,
	ManagerProxy,
	Process,
	ProcessError,
	type Proxied,
	Queue,
	QueueEmptyError,
	type SetProxy,
} from '@conc/process';
import { describe, expect, it } from 'vitest';
import { begin, foreignManager, startManager } from './support/managers.js';
import { socketFile } from './support/meeting.js';
import { elsewhere, Other } from './support/others.js';

type Target = () => unknown;

/** Runs this in two processes and here, all at once. */
async function everywhere(target: Target): Promise<unknown[]> {
	const others = [new Other('process', target), new Other('process', target)];
	const here = await target();
	return [here, ...(await Promise.all(others.map(({ result }) => result)))];
}

describe('what a manager makes, used by three processes', () => {
	it('is a dict', async () => {
		const manager = await startManager();
		const dict = await manager.dict<string | number, unknown>({ a: 1, b: { c: [2] } });
		await everywhere(async () => {
			await dict.set(process.pid, { pid: process.pid });
			dict.setSync(-process.pid, new Map([[1, 2]]));
			if (!(await dict.has('a')) || dict.getSync('a') !== 1) throw new Error('a is missing');
		});
		expect(await dict.get(process.pid)).toEqual({ pid: process.pid });
		expect(dict.size).toBe(8);
		expect(await dict.keys()).toEqual(expect.arrayContaining(['a', 'b', process.pid, -process.pid]));
		expect((await dict.values())[1]).toEqual({ c: [2] });
		expect((await dict.copy()).get('b')).toEqual({ c: [2] });
		expect(await dict.setdefault('a', 5)).toBe(1);
		expect(await dict.setdefault('new', 5)).toBe(5);
		expect(await dict.pop('new')).toBe(5);
		expect(await dict.pop('new', 'none')).toBe('none');
		expect(await dict.delete('a')).toBe(true);
		expect(await dict.delete('a')).toBe(false);
		expect(await dict.get('a')).toBeUndefined();
		await dict.clear();
		await dict.update(new Map([['x', 1]]));
		await dict.update({ y: 2 });
		const seen: unknown[] = [];
		for await (const entry of dict) seen.push(entry);
		expect(seen).toEqual([
			['x', 1],
			['y', 2],
		]);
		await expect(dict.set({} as never, 1)).rejects.toThrow('a key must be');
	});

	it('is a list', async () => {
		const manager = await startManager();
		const list = await manager.list([3, 1, 2]);
		await everywhere(() => list.append(10));
		expect(list.length).toBe(6);
		await list.sort();
		expect(await list.values()).toEqual([1, 2, 3, 10, 10, 10]);
		await list.reverse();
		expect(await list.slice(0, 2)).toEqual([10, 10]);
		expect(await list.at(-1)).toBe(1);
		await list.set(-1, 7);
		expect(await list.pop()).toBe(7);
		expect(await list.pop(0)).toBe(10);
		await list.insert(0, 5);
		await list.extend([6, 6]);
		expect([await list.index(6), await list.count(6), await list.index(99)]).toEqual([5, 2, -1]);
		await list.remove(6);
		expect(list.valuesSync()).toEqual([5, 10, 10, 3, 2, 6]);
		await expect(list.remove(99)).rejects.toThrow(RangeError);
		await expect(list.set(6, 1)).rejects.toThrow('index 6 is not in a list of 6');
		await list.clear();
		await expect(list.pop()).rejects.toBeInstanceOf(RangeError);
	});

	it('is a set, and a namespace', async () => {
		const manager = await startManager();
		const set = await manager.set(['a']);
		const names = await manager.namespace<Record<string, number>>({ x: 1 });
		await everywhere(async () => {
			await set.add(String(process.pid));
			names[`of ${process.pid}`] = process.pid;
		});
		expect(set.size).toBe(4);
		expect(await set.has(String(process.pid))).toBe(true);
		expect(await set.delete('a')).toBe(true);
		expect((await set.copy()).size).toBe(3);
		expect(names.x).toBe(1);
		expect(Object.keys(names)).toHaveLength(4);
		expect('y' in names).toBe(false);
		delete names.x;
		expect(names.x).toBeUndefined();
		expect({ ...names }[`of ${process.pid}`]).toBe(process.pid);
		expect(await names).toBe(names);
	});

	it('is a value, and an array', async () => {
		const manager = await startManager();
		const value = await manager.value('int32', 5);
		const array = await manager.array('float64', [0.5, 0.5]);
		const zeros = await manager.array('int32', 3);
		await everywhere(() => {
			for (let n = 0; n < 100; n++) value.add(1);
			array.set(1, process.pid);
			zeros.set(2, 1);
		});
		expect(value.value).toBe(305);
		expect(array.at(0)).toBe(0.5);
		expect([...zeros]).toEqual([0, 0, 1]);
	});

	it('is a queue of each order', async () => {
		const manager = await startManager();
		const queue = await manager.queue<number>();
		const last = await manager.lifoQueue<number>();
		const lowest = await manager.priorityQueue<string>({ maxsize: 3 });
		const got = await everywhere(async () => {
			await queue.put(process.pid);
			await last.put(process.pid);
			await lowest.put([process.pid, 'x']);
			return process.pid;
		});
		expect(queue.size + last.size).toBe(6);
		expect(lowest.full).toBe(true);
		const all = await everywhere(async () => queue.getSync());
		expect(all.toSorted?.() ?? [...all].sort()).toEqual([...got].sort());
		await last.put(-1);
		expect(await last.get()).toBe(-1);
		expect((await lowest.get())[0]).toBe(Math.min(...(got as number[])));
		await expect(queue.get({ timeout: 1 })).rejects.toBeInstanceOf(QueueEmptyError);
		await queue.put({ some: ['data', new Date(0)] } as never);
		expect(await queue.get()).toEqual({ some: ['data', new Date(0)] });
	});

	it('is every kind of lock', async () => {
		const manager = await startManager();
		const count = await manager.value('int32', 0);
		for (const lock of [
			await manager.lock(),
			await manager.rlock(),
			await manager.semaphore(),
			await manager.boundedSemaphore(1),
		]) {
			const before = count.value;
			await everywhere(async () => {
				for (let n = 0; n < 10; n++) {
					await lock.acquire();
					const seen = count.value;
					await new Promise((resolve) => setImmediate(resolve));
					count.value = seen + 1;
					lock.release();
				}
			});
			expect(count.value - before).toBe(30);
		}
	});

	it('is an event, a barrier and a condition', async () => {
		const manager = await startManager();
		const [event, ready] = [await manager.event(), await manager.semaphore(0)];
		const barrier = await manager.barrier(3);
		const lock = await manager.lock();
		const condition = await manager.condition(lock);
		const turns = await everywhere(() => barrier.wait());
		expect([...turns].sort()).toEqual([0, 1, 2]);
		const waiting = new Other('process', async () => {
			await condition.acquire();
			ready.release();
			await condition.wait();
			condition.release();
			return event.waitSync();
		});
		await ready.acquire();
		await lock.with(() => condition.notify());
		event.set();
		expect(await waiting.result).toBe(true);
	});
});

describe('proxies', () => {
	it('nest, and what is changed inside is seen from everywhere', async () => {
		const manager = await startManager();
		const outer = await manager.list<unknown>([[1]]);
		const inner = await manager.list<number>([1, 2]);
		await outer.append(inner);
		await outer.append(outer);
		await new Other('process', async () => {
			const found = (await outer.at(1)) as ListProxy<number>;
			await found.append(3);
			const self = (await outer.at(2)) as ListProxy<unknown>;
			const made = (await self.at(1)) as ListProxy<number>;
			await made.append((await found.at(0)) as number);
		}).result;
		expect(await inner.values()).toEqual([1, 2, 3, 1]);
		const dict = await manager.dict<string, unknown>();
		await dict.set('nested', { deep: [inner, await manager.queue()] });
		await dict.update({ lock: await manager.lock(), again: dict });
		const { deep } = (await dict.get('nested')) as { deep: [ListProxy<number>, Queue] };
		await deep[0].clear();
		await deep[1].put('through it');
		expect(await inner.values()).toEqual([]);
		expect(await deep[1].get()).toBe('through it');
		expect(await ((await dict.get('lock')) as Lock).acquire()).toBe(true);
		expect(await ((await dict.get('again')) as DictProxy<string, unknown>).has('lock')).toBe(true);
		const plain = (await outer.at(0)) as number[];
		plain.push(2);
		expect(await outer.at(0)).toEqual([1]);
	});

	it('live on in what holds them when nobody else has them', async () => {
		const manager = await startManager();
		const outer = await manager.dict<string, unknown>();
		await (async () => outer.set('inner', await manager.list(['kept'])))();
		collectGarbage();
		await sleep(20);
		expect(await ((await outer.get('inner')) as ListProxy<string>).values()).toEqual(['kept']);
	});

	it('are iterated as they were at the start, whatever changes meanwhile', async () => {
		const manager = await startManager();
		const list = await manager.list([1, 2, 3]);
		const dict = await manager.dict({ a: 1, b: 2 });
		const set = await manager.set([1, 2]);
		const seen: unknown[] = [];
		for await (const item of list) {
			await list.append(item);
			await list.remove(1).catch(() => {});
			seen.push(item);
		}
		for await (const [key] of dict) {
			await dict.delete('b');
			await dict.set(`${key}!`, 3);
			seen.push(key);
		}
		for await (const item of set) {
			await set.clear();
			seen.push(item);
		}
		expect(seen).toEqual([1, 2, 3, 'a', 'b', 1, 2]);
	});

	it.each(elsewhere)(
		'go to a %s as arguments, captured, in queues and pipes of their own',
		async (medium) => {
			const manager = await startManager();
			const dict = await manager.dict<string, unknown>();
			const set = await manager.set<string>();
			const queue = await manager.queue<DictProxy<string, unknown>>();
			const plain = new Queue<SetProxy<string>>();
			await queue.put(dict);
			await plain.put(set);
			await new Other(
				medium,
				async (given: DictProxy<string, unknown>) => {
					await given.set('as argument', 1);
					dict.setSync('captured', 2);
					await (await queue.get()).set('by queue of the manager', 3);
					await (await plain.get()).add('by queue of ours');
				},
				[dict],
			).result;
			expect(await dict.copy()).toEqual(
				new Map([
					['as argument', 1],
					['captured', 2],
					['by queue of the manager', 3],
				]),
			);
			expect(await set.values()).toEqual(['by queue of ours']);
		},
	);

	it('refuse what is set on them, which would not be there', async () => {
		const manager = await startManager();
		const list = (await manager.list([1])) as unknown as Record<string, number>;
		expect(() => {
			list[0] = 2;
		}).toThrow(TypeError);
		expect(() => {
			list.size = 2;
		}).toThrow(TypeError);
	});

	it('say what they are', async () => {
		const manager = await startManager();
		const dict = await manager.dict();
		expect(String(dict)).toMatch(/^dict \(in the manager at /);
		expect(dict).toBeInstanceOf(ManagerProxy);
		expect(await manager.queue()).toBeInstanceOf(Queue);
		expect(await manager.lock()).toBeInstanceOf(Lock);
	});

	it('take data only, and name what is none by its path', async () => {
		const manager = await startManager();
		const dict = await manager.dict<string, unknown>();
		class Point {}
		const refused: [unknown, string][] = [
			[{ f: [() => 1] }, '`args[1].f[0]` is a function'],
			[new Point(), '`args[1].constructor` is the class Point'],
			[new Lock(), 'lives in'],
			[new Uint8Array(new SharedArrayBuffer(1)), 'memory shared between threads'],
		];
		for (const [value, words] of refused) {
			const error = await dict.set('key', value).catch((reason: unknown) => reason);
			expect(error).toBeInstanceOf(CaptureError);
			expect((error as Error).message).toContain(words);
			expect(() => dict.setSync('key', value)).toThrow(words);
		}
		expect(dict.size).toBe(0);
		const queue = await manager.queue<unknown>();
		await expect(queue.put(() => 1)).resolves.toBeUndefined();
	});

	it('of another manager are refused, with the way out', async () => {
		const [first, second] = [await startManager(), await startManager()];
		const list = await first.list();
		const dict = await second.dict<string, unknown>();
		await expect(dict.set('list', list)).rejects.toThrow(
			/lives in the manager at .*make it with the manager/s,
		);
		await expect(second.list([await first.lock()])).rejects.toBeInstanceOf(CaptureError);
		await expect(second.condition(await first.lock())).rejects.toBeInstanceOf(CaptureError);
	});
});

describe('what fails in a manager', () => {
	class OutOfStock extends Error {
		override readonly name = 'OutOfStock';
		readonly left = 3;
	}
	class Shop {
		readonly #things = ['a', 'b'];
		take(name: string) {
			if (!this.#things.includes(name)) throw new OutOfStock(`no ${name}`);
			return name;
		}
		async later() {
			throw new RangeError('afterwards');
		}
		reject() {
			throw 'a text';
		}
		functions() {
			return [() => 1];
		}
		_private() {
			return 'secret';
		}
		get size() {
			return 2;
		}
	}
	class Shops extends Manager {
		declare shop: () => Promise<Proxied<Shop>>;
		declare window: () => Promise<Proxied<Pick<Shop, 'take'>>>;
	}
	Shops.register('shop', () => new Shop());
	Shops.register('window', () => new Shop(), { exposed: ['take'] });

	it('rejects with that error: class by name, members, and the stack over there', async () => {
		const shop = await (await begin(new Shops())).shop();
		const error = await shop.take('c').catch((reason: Error) => reason);
		expect(error).toBeInstanceOf(Error);
		expect(error).toMatchObject({ name: 'OutOfStock', message: 'no c', left: 3 });
		expect((error as Error).stack).toMatch(/manager-objects\.test\.ts:\d+/);
		await expect(shop.later()).rejects.toBeInstanceOf(RangeError);
		expect(() => shop.takeSync('c')).toThrow('no c');
		await expect(shop.reject()).rejects.toThrow('a text');
		await expect(shop.functions()).rejects.toThrow('`result[0]` is a function');
		expect(await shop.take('a')).toBe('a');
	});

	it('has only the public methods, or those that are exposed', async () => {
		const manager = await begin(new Shops());
		const shop = (await manager.shop()) as unknown as Record<string, unknown>;
		expect([shop._private, shop._privateSync, shop.size, shop.nothing]).toEqual(new Array(4).fill(undefined));
		const window = (await manager.window()) as unknown as Record<string, unknown>;
		expect(window.take).toBeTypeOf('function');
		expect(window.later).toBeUndefined();
	});
});

describe('a class of managers', () => {
	it('shares what its factories capture, as the task master of the tutorial does', async () => {
		const tasks = new Queue<number>();
		const results = new Queue<string>();
		class TaskMaster extends Manager {
			declare tasks: () => Promise<Queue<number>>;
			declare results: () => Promise<Queue<string>>;
		}
		TaskMaster.register('tasks', () => tasks);
		TaskMaster.register('results', () => results);
		const master = await begin(new TaskMaster({ address: { port: 0 }, authkey: 'abc' }));
		const { address } = master;
		for (const n of [2, 3]) await tasks.put(n);
		const worker = new Process({
			target: async () => {
				class TaskWorker extends Manager {
					declare tasks: () => Promise<Queue<number>>;
					declare results: () => Promise<Queue<string>>;
				}
				TaskWorker.register('tasks');
				TaskWorker.register('results');
				const found = await new TaskWorker({ address, authkey: 'abc' }).connect();
				const [input, output] = [await found.tasks(), await found.results()];
				for (let n = await input.get(); n !== 0; n = await input.get())
					await output.put(`${n} * ${n} = ${n * n}`);
			},
		}).start();
		expect(await results.get()).toBe('2 * 2 = 4');
		expect(await results.get()).toBe('3 * 3 = 9');
		await tasks.put(0);
		await worker.result;
	});

	it('makes objects of a class, too', async () => {
		class Counter {
			#count: number;
			constructor(start: number) {
				this.#count = start;
			}
			add(n: number): number {
				this.#count += n;
				return this.#count;
			}
		}
		class Counters extends Manager {
			declare counter: (start: number) => Promise<Proxied<Counter>>;
		}
		Counters.register('counter', Counter);
		const counter = await (await begin(new Counters())).counter(5);
		expect(await counter.add(2)).toBe(7);
	});

	it('inherits types, replaces built-in ones, and keeps its own to itself', async () => {
		class First extends Manager {
			declare one: () => Promise<Proxied<{ name(): string }>>;
		}
		First.register('one', () => ({ name: () => 'first' }));
		class Second extends First {}
		Second.register('one', () => ({ name: () => 'second' }));
		class Third extends First {}
		expect(await (await (await begin(new Second())).one()).name()).toBe('second');
		expect(await (await (await begin(new Third())).one()).name()).toBe('first');
		expect((new Manager() as unknown as Record<string, unknown>).one).toBeUndefined();
		class Own extends Manager {}
		Own.register('dict', () => ({ get: () => 'mine' }));
		expect(await (await (await begin(new Own())).dict()).get('x')).toBe('mine');
	});

	it('gives what a factory returns when it is made no object, and the one object when it is always the same', async () => {
		const shared = { count: 0, next: () => ++shared.count };
		class Mine extends Manager {
			declare shared: () => Promise<Proxied<typeof shared>>;
			declare answer: () => Promise<number>;
		}
		Mine.register('shared', () => shared);
		Mine.register('answer', async () => 42);
		const manager = await begin(new Mine());
		expect(await manager.answer()).toBe(42);
		await (await manager.shared()).next();
		expect(await (await manager.shared()).next()).toBe(2);
	});

	it('refuses names and factories that make no sense', async () => {
		class Odd extends Manager {}
		expect(() => Odd.register('', () => 1)).toThrow(TypeError);
		expect(() => Odd.register('start', () => 1)).toThrow('a method of every Manager');
		expect(() => Odd.register('toString', () => 1)).toThrow('a method of every Manager');
		expect(() => Odd.register('x', 'no' as never)).toThrow('must be a function');
		Odd.register('unknown');
		const odd = (await begin(new Odd())) as unknown as { unknown(): Promise<never> };
		await expect(odd.unknown()).rejects.toThrow('this manager has no type unknown: register it');
	});
});

describe('the life of a manager', () => {
	it('goes one way only', async () => {
		const manager = new Manager();
		expect(() => manager.address).toThrow('not known before start');
		await expect(manager.dict()).rejects.toThrow('call start() or connect() first');
		await manager.start();
		await expect(manager.start()).rejects.toThrow('was started before');
		await expect(manager.connect()).rejects.toBeInstanceOf(ProcessError);
		const dict = await manager.dict();
		await manager.shutdown();
		await manager.shutdown();
		await expect(manager.dict()).rejects.toThrow('it was shut down');
		await expect(manager.start()).rejects.toThrow('was shut down before');
		expect(() => dict.size).toThrow(HomeLostError);
		await expect(dict.get('x')).rejects.toBeInstanceOf(HomeLostError);
		expect(() => dict.getSync('x')).toThrow(HomeLostError);
		expect(String(manager)).toContain('shut down');
	});

	it('frees its address at once, of a file and a port', async () => {
		const path = socketFile();
		for (let round = 0; round < 3; round++) {
			await using manager = await new Manager({ address: { path } }).start();
			expect(await (await manager.list([round])).at(0)).toBe(round);
		}
		const first = await new Manager({ address: { port: 0 }, authkey: 'k' }).start();
		const { address } = first;
		const list = await first.list();
		await first.shutdown();
		await expect(list.values()).rejects.toBeInstanceOf(HomeLostError);
		const second = await startManager({ address, authkey: 'k' });
		expect(second.address).toEqual(address);
		expect(await (await second.list([1])).length).toBe(1);
	});

	it('fails to start where somebody else serves, and can be started elsewhere', async () => {
		const path = socketFile();
		const first = await startManager({ address: { path } });
		const second = new Manager({ address: { path } });
		await expect(second.start()).rejects.toBeInstanceOf(ConnectionError);
		await first.shutdown();
		await second.start();
		await second.shutdown();
	});

	it('needs a key over TCP, and the same on both sides', async () => {
		expect(() => new Manager({ address: { port: 0 } })).toThrow('authkey is required');
		const manager = await startManager({ address: { port: 0 }, authkey: 'right' });
		const { address } = manager;
		for (const authkey of ['wrong', 'right and more', 'r'])
			await expect(new Manager({ address, authkey }).connect()).rejects.toBeInstanceOf(AuthenticationError);
		const friend = await new Manager({ address, authkey: new TextEncoder().encode('right') }).connect();
		expect(await (await friend.list([1])).length).toBe(1);
		await expect(friend.shutdown()).rejects.toThrow('only who started');
		await expect(friend.serveForever()).rejects.toThrow('for who starts');
	});

	it('is not found where there is none', async () => {
		await expect(new Manager().connect()).rejects.toThrow('connect() needs the address');
		const nowhere = new Manager({ address: { path: socketFile() } });
		await expect(nowhere.connect()).rejects.toBeInstanceOf(ConnectionError);
	});

	it('keeps no program alive, unless it serves for ever', async () => {
		const manager = await new Manager().start();
		const serving = manager.serveForever();
		await manager.shutdown();
		await serving;
	});
});

describe('the death of', () => {
	it('a client that holds a lock is told to the next taker', async () => {
		const manager = await startManager();
		const lock = await manager.lock();
		const event = await manager.event();
		const holder = new Other('process', async () => {
			await lock.acquire();
			event.set();
			setInterval(() => {}, 1e9);
			await new Promise(() => {});
		});
		await event.wait();
		const refused = expect(lock.acquire()).rejects.toBeInstanceOf(AbandonedLockError);
		await holder.end();
		await refused;
		expect(() => lock.acquireSync()).toThrow(AbandonedLockError);
		lock.recover();
		expect(await lock.acquire()).toBe(true);
	});

	it('a client drops what only it had', async () => {
		const alive: { count: number; seen?: FinalizationRegistry<null> } = { count: 0 };
		class Counted extends Manager {
			declare census: () => Promise<Proxied<{ look(): number }>>;
		}
		Counted.register('thing', () => {
			alive.seen ??= new FinalizationRegistry(() => alive.count--);
			alive.count++;
			const made = { ping: () => 'pong' };
			alive.seen.register(made, null);
			return made;
		});
		Counted.register('census', () => {
			// What nobody has is kept for a minute, as it may be on its way to somebody: here until somebody looks.
			const due: (() => void)[] = [];
			const later = setTimeout;
			globalThis.setTimeout = ((run: () => void, ms: number) => {
				if (ms < 60_000) return later(run, ms);
				due.push(run);
				return { unref() {} };
			}) as never;
			return {
				look: () => {
					for (const run of due.splice(0)) run();
					collectGarbage();
					return alive.count;
				},
			};
		});
		const manager = await begin(new Counted());
		const census = await manager.census();
		const { address } = manager;
		const ready = new Queue<number>();
		const client = new Other('process', async () => {
			class Client extends Manager {
				declare thing: () => Promise<Proxied<{ ping(): string }>>;
			}
			Client.register('thing');
			const found = await new Client({ address }).connect();
			const things = [await found.thing(), await found.thing()];
			await things[0]?.ping();
			await ready.put(things.length);
			await new Promise(() => setInterval(() => things, 1e9));
		});
		expect(await ready.get()).toBe(2);
		// Also what is not used meanwhile stays.
		for (let turn = 0; turn < 20; turn++) expect(await census.look()).toBe(2);
		await client.end();
		while ((await census.look()) > 0) await sleep(5);
	});

	it('the process of a manager rejects all that waits and all that comes, everywhere', async () => {
		const { manager, home } = await foreignManager();
		const [dict, queue, lock] = [await manager.dict(), await manager.queue(), await manager.lock()];
		await lock.acquire();
		const event = new Queue<string>();
		const other = new Other('process', async () => {
			const waiting = queue.get().catch((error: Error) => error.name);
			await event.put('waits');
			const names = [await waiting];
			try {
				dict.getSync('x');
			} catch (error) {
				names.push((error as Error).name);
			}
			return names;
		});
		expect(await event.get()).toBe('waits');
		const waiting = [queue.get(), lock.acquire(), queue.get({ timeout: 1e6 })];
		const rejected = waiting.map((one) => expect(one).rejects.toBeInstanceOf(HomeLostError));
		await home.end();
		await Promise.all(rejected);
		await expect(dict.get('x')).rejects.toBeInstanceOf(HomeLostError);
		await expect(manager.dict()).rejects.toBeInstanceOf(HomeLostError);
		expect(() => dict.getSync('x')).toThrow(HomeLostError);
		expect(() => dict.size).toThrow(HomeLostError);
		expect(() => queue.putNowait(1)).toThrow(HomeLostError);
		expect(() => lock.release()).toThrow(HomeLostError);
		expect(await other.result).toEqual(['HomeLostError', 'HomeLostError']);
	});

	it('the process of a manager ends a thread that blocks for it', async () => {
		const { manager, home } = await foreignManager();
		const queue = await manager.queue();
		const ready = await manager.event();
		const blocked = new Other('process', () => {
			ready.set();
			try {
				return queue.getSync();
			} catch (error) {
				return (error as Error).name;
			}
		});
		await ready.wait();
		await home.end();
		expect(await blocked.result).toBe('HomeLostError');
	});
});

function collectGarbage(): void {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
}
