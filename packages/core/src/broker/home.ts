import { MessageChannel } from 'node:worker_threads';
import { CannotCross } from '../errors.js';
import { here } from '../here.js';
import { makeCall } from '../host/call.js';
import { startThread } from '../host/thread.js';
import { type PackageExport, packageExport, packageNames, packageTexts } from '../packages.js';
import { realm } from '../realm.js';
import type { Order } from './broker.js';
import { type FarHandle, type Home, keyOf } from './handle.js';
import { openBroker } from './open.js';
import { socketPath } from './room.js';

/** What this thread has made known to its broker. */
interface Exports {
	readonly home: Home;
	/** Tells the broker. */
	readonly tell: (order: Order) => void;
	/** Resolves when the broker has caught up. */
	readonly catchUp: () => Promise<void>;
	readonly sentPackages: Set<string>;
	next: number;
	/** By the memory in which it lives, and the class that serves it. */
	readonly entries: WeakMap<object, Map<string, Entry>>;
	/** The memory of what has which number, as long as somebody here has it. */
	readonly memories: Map<number, WeakRef<object>>;
	readonly gone: FinalizationRegistry<number>;
	/** The broker forgets what nobody uses, and is told again when it is sent again. */
	readonly forgets: boolean;
	isLost: boolean;
}

interface Entry {
	readonly id: number;
	readonly handle: object;
}

/** Something that lives in the memory of this process. */
interface Exported {
	/** The class that serves it, exported by a @conc package. */
	readonly Class: object;
	/** What the class revives in a thread of this process. */
	readonly handle: object;
	/** What it lives in: nobody here has it when this is gone. */
	readonly memory: object;
	readonly label: string;
	readonly detail?: unknown;
}

/** The handle by which other processes use something that lives in this one. Starts this thread's broker at first. */
export function exportToProcesses({ Class, handle, memory, label, detail = null }: Exported): FarHandle {
	const own = exports();
	const exported = packageExport(Class);
	if (exported === undefined) throw new CannotCross('is of a class nobody exports', 'export it');
	const entries = own.entries.get(memory) ?? new Map<string, Entry>();
	own.entries.set(memory, entries);
	let entry = entries.get(exported.name);
	if (entry === undefined) {
		entry = { id: own.next++, handle };
		entries.set(exported.name, entry);
		own.memories.set(entry.id, new WeakRef(memory));
		own.gone.register(memory, entry.id);
		tellOf(own, exported, entry);
	} else if (own.forgets) tellOf(own, exported, entry);
	return { home: own.home, id: entry.id, label, detail };
}

function tellOf(own: Exports, Class: PackageExport, entry: Entry): void {
	own.tell({ type: 'adopt', ...entry, Class, texts: freshTexts(own) });
}

/** Of the packages that were imported since the broker was told of some. */
function freshTexts({ sentPackages }: Exports): Record<string, string> {
	const fresh = packageNames().filter((name) => !sentPackages.has(name));
	for (const name of fresh) sentPackages.add(name);
	return packageTexts(fresh);
}

/** What a handle stands for, where it lives here: what `Class` revives. */
export function exportedHere({ home, id }: FarHandle): object | undefined {
	const own = realm<{ exports?: Exports }>('exports', () => ({})).exports;
	if (own === undefined || keyOf(own.home) !== keyOf(home)) return undefined;
	const entries = own.entries.get(own.memories.get(id)?.deref() ?? own);
	return [...(entries?.values() ?? [])].find((entry) => entry.id === id)?.handle;
}

/** Resolves when the broker of this thread knows who has ended by now; undefined when it has none. */
export function brokerCaughtUp(): Promise<void> | undefined {
	return realm<{ exports?: Exports }>('exports', () => ({})).exports?.catchUp();
}

function exports(): Exports {
	const own = realm<{ exports?: Exports }>('exports', () => ({}));
	if (own.exports === undefined || own.exports.isLost) own.exports = open();
	return own.exports;
}

/** Lets a broker in this very thread serve what crosses to other processes. */
export function serveHere(home: Home, tell: (order: Order) => void): void {
	realm<{ exports?: Exports }>('exports', () => ({})).exports = newExports(home, tell, async () => {}, true);
}

function open(): Exports {
	const { process: ofProcess, path } = here();
	const socket = socketPath();
	const { port1: orders, port2 } = new MessageChannel();
	const name = `${ofProcess.name} (pid ${process.pid})`;
	const home: Home = { at: { path: socket }, authkey: null, pid: process.pid, name };
	const waiting: (() => void)[] = [];
	const caughtUp = () => {
		waiting.shift()?.();
		if (waiting.length === 0) orders.unref();
	};
	const catchUp = () =>
		new Promise<void>((resolve) => {
			if (exports.isLost) return resolve();
			waiting.push(resolve);
			orders.ref();
			orders.postMessage({ type: 'catch up' } satisfies Order);
		});
	const exports = newExports(home, (order) => orders.postMessage(order), catchUp, false);
	orders.on('message', caughtUp);
	const { host } = startThread({ name: 'Broker', daemon: true, runs: 'many', isService: true }, path);
	void host.exited.then(() => {
		exports.isLost = true;
		while (waiting.length > 0) caughtUp();
		orders.close();
	});
	const call = makeCall(openBroker, [socket, port2], 'thread', { transfer: [port2] });
	host.run({ call, resolve() {}, reject() {} }); // who comes is told that nobody is there
	host.pump();
	host.unref();
	orders.unref();
	return exports;
}

function newExports(
	home: Home,
	tell: Exports['tell'],
	catchUp: Exports['catchUp'],
	forgets: boolean,
): Exports {
	const memories: Exports['memories'] = new Map();
	const gone = new FinalizationRegistry<number>((id) => {
		memories.delete(id);
		tell({ type: 'forget', id });
	});
	return {
		home,
		tell,
		catchUp,
		sentPackages: new Set(),
		next: 1,
		entries: new WeakMap(),
		memories,
		gone,
		forgets,
		isLost: false,
	};
}
