import { createServer, type Server } from 'node:net';
import {
	Broker,
	type Home,
	isShareable,
	type Operations,
	operations,
	realm,
	removeDeadRooms,
	serveHere,
} from '@conc/core';
import {
	Barrier,
	BoundedSemaphore,
	Condition,
	Event,
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
import { type Address, show } from '../connection/address.js';
import { bind } from '../connection/bind.js';
import { Dict } from './dict.js';
import { kept } from './kept.js';
import { List } from './list.js';
import { Names } from './namespace.js';
import { ManagerProxy, type Surface } from './proxy.js';
import { Wording, type Words } from './reference.js';
import { publicMethods, Servant } from './servant.js';
import { ValueSet } from './set.js';

/** A function that makes or finds an object, or a class. */
export type Factory = ((...args: never[]) => unknown) | (new (...args: never[]) => object);

/** What makes an object of a registered type, and what of it others may call. */
export interface Registered {
	readonly factory: Factory;
	readonly exposed: readonly string[] | undefined;
}

export interface ServerOptions {
	readonly address: Address;
	readonly authkey: Uint8Array | null;
	readonly types: Readonly<Record<string, Registered>>;
}

/** What every manager can make. */
const builtins: Readonly<Record<string, (...args: never[]) => object>> = {
	dict: (entries?: unknown) => new Dict(entries),
	list: (items?: Iterable<unknown>) => new List(items),
	set: (items?: Iterable<unknown>) => new ValueSet(items),
	namespace: (values?: Readonly<Record<string, unknown>>) => new Names(values),
	value: (...args: ConstructorParameters<typeof SharedValue<'float64'>>) => new SharedValue(...args),
	array: (...args: ConstructorParameters<typeof SharedArray<'float64'>>) => new SharedArray(...args),
	queue: (options: object) => new Queue(options),
	lifoQueue: (options: object) => new LifoQueue(options),
	priorityQueue: (options: object) => new PriorityQueue(options),
	lock: (options: object) => new Lock(options),
	rlock: (options: object) => new RLock(options),
	rwlock: (options: object) => new RWLock(options),
	semaphore: (value?: number, options?: object) => new Semaphore(value, options),
	boundedSemaphore: (value?: number, options?: object) => new BoundedSemaphore(value, options),
	event: (options: object) => new Event(options),
	condition: (lock?: Lock | RLock, options?: object) => new Condition(lock, options),
	barrier: (parties: number, options?: object) => new Barrier(parties, options),
};

/** The names under which every manager makes something. */
export const builtinTypes: readonly string[] = Object.keys(builtins);

/** The number of the one object everybody knows. */
export const ROOT = 0;

/** The objects of a manager, and those who use them. Runs in a thread of its own. */
class ManagerServer {
	static readonly [operations]: Operations = { calls: ['create', 'greet'] };
	readonly #types: ServerOptions['types'];
	readonly #broker: Broker;
	readonly #server: Server;
	readonly #home: Home;
	readonly #wording: Wording;
	/** Of what is not shared memory: who serves it. */
	readonly #servants = new WeakMap<object, Servant>();
	readonly #gone = new FinalizationRegistry<number>((id) => {
		if (this.#servantOf(id)?.isKept === false) this.#broker.disown(id);
	});
	#next = -1;

	constructor({ authkey, types }: ServerOptions, address: Address, server: Server) {
		this.#types = types;
		this.#server = server;
		const at = address.path === undefined ? address : { path: address.path };
		this.#home = { at, authkey, pid: 0, name: `the manager at ${show(address)}` };
		this.#wording = new Wording(this.#home);
		this.#broker = new Broker({ authkey, isTrusted: authkey === null, keepsUnused: false });
		this.#broker.adopt(ROOT, this);
		serveHere(this.#home, (order) => this.#broker.obey(order));
		kept().own = { find: (id) => this.#find(id), has: (id, Class) => this.#has(id, Class) };
		server.on('connection', (socket) => void this.#broker.receive(socket));
	}

	/** Makes an object of a type, or gives the one there is. */
	async create(name: unknown, words: unknown): Promise<Words> {
		const args = this.#wording.read(words as Words) as never[];
		const type = String(name);
		const registered = Object.hasOwn(this.#types, type) ? this.#types[type] : undefined;
		const factory = registered?.factory ?? (Object.hasOwn(builtins, type) ? builtins[type] : undefined);
		if (factory === undefined)
			throw new TypeError(`this manager has no type ${type.slice(0, 80)}: register it where it is started`);
		const made: unknown = isClass(factory) ? new factory(...args) : await factory(...args);
		return this.#wording.write(this.#presented(made, type, registered?.exposed), `a ${type}`, type);
	}

	/** Somebody has found it. */
	async greet(): Promise<void> {}

	close(): void {
		this.#server.close();
		this.#broker.close();
	}

	/** What is sent for something that was made. */
	#presented(made: unknown, type: string, exposed: readonly string[] | undefined): unknown {
		if (typeof made !== 'object' || made === null || isShareable(made)) return made;
		let servant = this.#servants.get(made);
		if (servant === undefined) {
			const id = this.#next--;
			const detail = surfaceOf(made, type, exposed);
			servant = new Servant(made, { home: this.#home, id, label: type, detail }, this.#wording);
			this.#servants.set(made, servant);
		}
		return this.#proxyOf(servant);
	}

	#proxyOf(servant: Servant): ManagerProxy {
		return servant.proxy((proxy) => {
			this.#broker.adopt(servant.id, servant);
			this.#gone.register(proxy, servant.id);
		});
	}

	/** What a client names. */
	#find(id: number): ManagerProxy {
		const servant = this.#servantOf(id);
		if (servant !== undefined) return this.#proxyOf(servant);
		throw new ReferenceError('an object that is not in this manager any more');
	}

	#has(id: number, Class: unknown): boolean {
		const what = this.#broker.find(id)?.what;
		if (what === undefined) return false;
		if ('object' in what) return Class === ManagerProxy && what.object instanceof Servant;
		return what.Class === (Class === RLock ? Lock : Class); // an RLock is served as a plain lock
	}

	#servantOf(id: number): Servant | undefined {
		const what = this.#broker.find(id)?.what;
		return what !== undefined && 'object' in what && what.object instanceof Servant ? what.object : undefined;
	}
}

function isClass(factory: Factory): factory is new (...args: never[]) => object {
	return /^class\b/.test(Function.prototype.toString.call(factory));
}

function surfaceOf(made: object, type: string, exposed: readonly string[] | undefined): Surface {
	for (const [Class, name, iterates] of containers) {
		if (made instanceof Class) return { type: name, methods: Class.methods, states: Class.states, iterates };
	}
	return { type, methods: exposed ?? publicMethods(made), states: [], iterates: null };
}

const containers = [
	[Dict, 'dict', 'entries'],
	[List, 'list', 'values'],
	[ValueSet, 'set', 'values'],
	[Names, 'namespace', null],
] as const;

const running = () => realm<{ server?: ManagerServer }>('manager server', () => ({}));

/** Begins to serve; gives where. */
export async function serveManager(options: ServerOptions): Promise<Address> {
	const server = createServer({ noDelay: true, keepAlive: true });
	await bind(server, options.address);
	const bound = server.address();
	const { path, host } = options.address;
	const address: Address = path !== undefined ? { path } : { host, port: (bound as { port: number }).port };
	running().server = new ManagerServer(options, address, server);
	if (path !== undefined) setImmediate(removeDeadRooms, path);
	return address;
}

/** Ends that: the address can be used again. */
export function closeManager(): void {
	running().server?.close();
}
