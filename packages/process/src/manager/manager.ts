import {
	brand,
	CannotCross,
	deliver,
	HomeLostError,
	type Host,
	here,
	kindOf,
	Remote,
	readSignal,
	readTimeout,
	share,
	socketPath,
	startThread,
	type WaitOptions,
} from '@conc/core';
import type {
	Barrier,
	BoundedSemaphore,
	Condition,
	Event,
	Kinds,
	LifoQueue,
	Lock,
	PriorityQueue,
	Queue,
	RLock,
	RWLock,
	Semaphore,
	SharedArray,
	SharedValue,
} from '@conc/lock';
import {
	type Address,
	type AskedAddress,
	readAddress,
	readOptions,
	show,
	whyNot,
} from '../connection/address.js';
import { ProcessError } from '../errors.js';
import type { DictProxy, ListProxy, NamespaceProxy, SetProxy } from './proxies.js';
import { Wording, type Words } from './reference.js';
import { builtinTypes, closeManager, type Factory, type Registered, ROOT, serveManager } from './server.js';

export interface ManagerOptions {
	/**
	 * Where it serves, or is to be found: `{ path }`, or `{ host, port }` with 127.0.0.1 when no host is given and any
	 * free port for 0. When left out, a socket that only this user's processes can use.
	 */
	readonly address?: AskedAddress | undefined;
	/** The secret that all who use it must have: a text or bytes. Required over TCP. */
	readonly authkey?: string | Uint8Array | undefined;
}

export interface RegisterOptions {
	/** The methods that others may call; all but those whose names begin with `_` when left out. */
	readonly exposed?: readonly string[] | undefined;
}

/** The types of each class of managers, those of the class it extends not included. */
const registered = new WeakMap<object, Map<string, Registered | null>>();

type Lives = 'new' | 'started' | 'connected' | 'shut down';

/**
 * Objects that live in one place and are used from anywhere: dicts, lists, locks, queues, and what is registered, by
 * proxies. (`multiprocessing.managers.BaseManager`, `SyncManager`)
 *
 * `start()` serves in a thread of this process, so also while the rest of it computes or blocks, until `shutdown()` or
 * the end of the process. Other processes `connect()` to its address, or are given proxies. What crosses is data, and
 * proxies of the same manager.
 *
 *     const manager = await new Manager().start();
 *     const scores = await manager.dict();
 *     await new Process({ target: () => scores.set('alice', 1) }).start().join();
 *     console.log(await scores.get('alice'));
 */
export class Manager {
	readonly #asked: ManagerOptions;
	#lives: Lives = 'new';
	#address: Address | null = null;
	#host: Host | null = null;
	#root: Remote | null = null;

	constructor(options: ManagerOptions = {}) {
		const { address, authkey } = options;
		if (address !== undefined) readOptions({ authkey }, readAddress(address, 0));
		this.#asked = options;
	}

	/**
	 * Makes a type known to this class of managers, and gives it a method of that name, which resolves with a proxy of
	 * what `factory`, a function or a class, makes or returns. It goes to the manager's thread when that is started, with
	 * what it captures; who only connects leaves it out. (`BaseManager.register`)
	 */
	static register(name: string, factory?: Factory, options: RegisterOptions = {}): void {
		if (typeof name !== 'string' || name === '') throw new TypeError('name must be the name of a method');
		if (factory !== undefined && typeof factory !== 'function')
			throw new TypeError(`factory must be a function, not ${kindOf(factory)}`);
		if (name in Manager.prototype && !builtinTypes.includes(name))
			throw new TypeError(`${name} is a method of every Manager: register it under another name`);
		// biome-ignore-start lint/complexity/noThisInStatic: each class of managers has types of its own
		const types = registered.get(this) ?? new Map<string, Registered | null>();
		registered.set(this, types);
		types.set(name, factory === undefined ? null : { factory, exposed: options.exposed });
		Object.defineProperty(this.prototype, name, {
			// biome-ignore-end lint/complexity/noThisInStatic: until here
			configurable: true,
			value(this: Manager, ...args: unknown[]) {
				return this.#make(name, args);
			},
		});
	}

	/** Begins to serve. Rejects with a ConnectionError when that address cannot be had. (`BaseManager.start`) */
	async start(): Promise<this> {
		this.#begin('started');
		const { address = { path: socketPath() } } = this.#asked;
		const asked = readAddress(address, 0);
		const authkey = readOptions(this.#asked, asked).authkey ?? null;
		const { host } = startThread(
			{ name: 'Manager', daemon: true, runs: 'many', isService: true },
			here().path,
		);
		try {
			const options = { address: asked, authkey, types: this.#types() };
			this.#address = (await host.call(serveManager, [options])) as Address;
		} catch (error) {
			this.#lives = 'new';
			await host.terminate();
			throw error;
		}
		host.unref();
		this.#host = host;
		this.#reach(this.#address, authkey);
		return this;
	}

	/**
	 * Finds the manager that serves at the address. Rejects with a ConnectionError when there is none, with an
	 * AuthenticationError when it has another authkey, with a TimeoutError when it did not answer within `timeout`
	 * milliseconds, with `signal.reason` when aborted; then it may be tried again. (`BaseManager.connect`)
	 */
	async connect(options?: WaitOptions): Promise<this> {
		readTimeout(options);
		readSignal(options)?.throwIfAborted();
		this.#begin('connected');
		const { address } = this.#asked;
		if (address === undefined)
			throw new TypeError('connect() needs the address of a manager: new Manager({ address })');
		const at = readAddress(address, 1);
		let root: Remote | undefined;
		try {
			root = this.#reach(at, readOptions(this.#asked, at).authkey ?? null);
			await deliver(root.wait('greet', [], undefined), options, `the manager at ${show(at)}`);
		} catch (error) {
			root?.giveUp();
			this.#lives = 'new';
			throw error instanceof HomeLostError ? whyNot(at, (error.cause ?? error) as Error) : error;
		}
		this.#address = at;
		return this;
	}

	/** Serves until `shutdown()`, and keeps this process alive meanwhile. (`BaseManager.get_server().serve_forever`) */
	async serveForever(): Promise<void> {
		if (this.#lives === 'new') await this.start();
		if (this.#host === null)
			throw new ProcessError('serveForever() is for who starts the manager, not for who connects');
		this.#host.ref();
		await this.#host.exited;
	}

	/** Ends it, and all that lives in it; the address can be used again at once. Safe to call again. (`BaseManager.shutdown`) */
	async shutdown(): Promise<void> {
		if (this.#lives === 'shut down') return;
		if (this.#lives === 'connected') throw new ProcessError('only who started a manager can shut it down');
		this.#lives = 'shut down';
		const host = this.#host;
		if (host === null || host.exit !== null) return;
		host.ref();
		await host.call(closeManager, []).catch(() => {});
		await host.terminate();
	}

	/** Where it serves: the real port when 0 was asked for. Throws before `start()` or `connect()`. (`address`) */
	get address(): Address {
		if (this.#address !== null) return this.#address;
		throw new ProcessError('the address is not known before start() or connect()');
	}

	dict<V>(entries: Readonly<Record<string, V>>): Promise<DictProxy<string, V>>;
	dict<K = unknown, V = unknown>(
		entries?: Iterable<readonly [K, V]> | Readonly<Record<string, V>>,
	): Promise<DictProxy<K, V>>;
	dict<K, V>(entries?: unknown): Promise<DictProxy<K, V>> {
		return this.#make('dict', [entries]);
	}

	list<T = unknown>(items?: Iterable<T>): Promise<ListProxy<T>> {
		return this.#make('list', [items === undefined ? undefined : [...items]]);
	}

	set<T = unknown>(items?: Iterable<T>): Promise<SetProxy<T>> {
		return this.#make('set', [items === undefined ? undefined : [...items]]);
	}

	/** Its properties are the names: read and written by a blocking round trip each. */
	namespace<T extends object = Record<string, unknown>>(values?: Partial<T>): Promise<NamespaceProxy<T>> {
		return this.#make('namespace', [values]);
	}

	value<K extends keyof Kinds>(type: K, initial?: Kinds[K]): Promise<SharedValue<K>> {
		return this.#make('value', [type, initial]);
	}

	array<K extends keyof Kinds>(type: K, lengthOrItems: number | Iterable<Kinds[K]>): Promise<SharedArray<K>> {
		const items = typeof lengthOrItems === 'number' ? lengthOrItems : [...lengthOrItems];
		return this.#make('array', [type, items]);
	}

	queue<T = unknown>(options?: ConstructorParameters<typeof Queue>[0]): Promise<Queue<T>> {
		return this.#make('queue', [options]);
	}

	lifoQueue<T = unknown>(options?: ConstructorParameters<typeof LifoQueue>[0]): Promise<LifoQueue<T>> {
		return this.#make('lifoQueue', [options]);
	}

	priorityQueue<T = unknown>(
		options?: ConstructorParameters<typeof PriorityQueue>[0],
	): Promise<PriorityQueue<T>> {
		return this.#make('priorityQueue', [options]);
	}

	lock(options?: ConstructorParameters<typeof Lock>[0]): Promise<Lock> {
		return this.#make('lock', [options]);
	}

	rlock(options?: ConstructorParameters<typeof RLock>[0]): Promise<RLock> {
		return this.#make('rlock', [options]);
	}

	rwlock(options?: ConstructorParameters<typeof RWLock>[0]): Promise<RWLock> {
		return this.#make('rwlock', [options]);
	}

	/** @param lock one of this manager; a new Lock when left out */
	condition(lock?: Lock | RLock): Promise<Condition> {
		return this.#make('condition', [lock]);
	}

	semaphore(...args: ConstructorParameters<typeof Semaphore>): Promise<Semaphore> {
		return this.#make('semaphore', args);
	}

	boundedSemaphore(...args: ConstructorParameters<typeof BoundedSemaphore>): Promise<BoundedSemaphore> {
		return this.#make('boundedSemaphore', args);
	}

	event(options?: ConstructorParameters<typeof Event>[0]): Promise<Event> {
		return this.#make('event', [options]);
	}

	/** Without an action: that would be code. */
	barrier(parties: number, options?: { readonly timeout?: number | undefined }): Promise<Barrier> {
		return this.#make('barrier', [parties, options]);
	}

	[share](): never {
		throw new CannotCross(
			'is a Manager, which belongs to the thread that made it',
			'send proxies of what it makes, or its address, and connect() there',
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#host !== null) await this.shutdown();
	}

	toString(): string {
		return `Manager(${this.#lives}${this.#address === null ? '' : `, ${show(this.#address)}`})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	#begin(next: Lives): void {
		if (this.#lives !== 'new')
			throw new ProcessError(`this manager was ${this.#lives} before: make another one`);
		this.#lives = next;
	}

	/** The types of its class, and of those it extends. */
	#types(): Record<string, Registered> {
		const types: Record<string, Registered> = {};
		for (let at: object | null = this.constructor; at !== null; at = Object.getPrototypeOf(at)) {
			for (const [name, type] of registered.get(at) ?? []) if (type !== null) types[name] ??= type;
		}
		return types;
	}

	#reach(address: Address, authkey: Uint8Array | null): Remote {
		const at =
			address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
		// It listens by now, so there is no process to wait for.
		const home = { at, authkey, pid: 0, name: `the manager at ${show(address)}` };
		this.#root = new Remote({ home, id: ROOT, label: 'the manager', detail: null });
		return this.#root;
	}

	async #make<T>(type: string, args: readonly unknown[]): Promise<T> {
		if (this.#root === null || this.#lives === 'shut down') {
			const why = this.#lives === 'shut down' ? 'it was shut down' : 'call start() or connect() first';
			throw new ProcessError(`this manager cannot make a ${type}: ${why}`);
		}
		const wording = new Wording(this.#root.handle.home);
		const words = wording.write(withoutTail(args), `the arguments of ${type}`, 'args');
		return wording.read((await this.#root.wait('create', [type, words], undefined)) as Words) as T;
	}
}
brand(Manager, '@conc/process:Manager');

/** Without the arguments that were left out. */
function withoutTail(args: readonly unknown[]): readonly unknown[] {
	return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}
