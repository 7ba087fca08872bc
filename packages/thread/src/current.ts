import { isMainThread, threadId } from 'node:worker_threads';
import { brand, here, ownTid, Registry, realm } from '@conc/core';

/** The thread that asks, as it sees itself. */
export class CurrentThread {
	readonly name: string;
	readonly daemon: boolean;
	/** A number no other living thread of the process has. (`Thread.ident`) */
	readonly ident: number;
	/** The kernel's id of the thread on Linux, null elsewhere. (`Thread.native_id`) */
	readonly nativeId: number | null;
	/** A thread that can ask is alive. */
	readonly isAlive = true;

	/** @internal */
	constructor(name: string, daemon: boolean) {
		this.name = name;
		this.daemon = daemon;
		this.ident = Registry.ours().self();
		this.nativeId = ownTid() || null;
	}

	toString(): string {
		return `Thread(${this.name}, started${this.daemon ? ', daemon' : ''})`;
	}
}
brand(CurrentThread, '@conc/thread:CurrentThread');

/** The thread a process starts with. It lives as long as the process does. */
export type MainThread = Pick<CurrentThread, 'name' | 'daemon' | 'isAlive' | 'toString'>;

/**
 * The thread that asks: `MainThread`, a Thread, a pool's worker, or a `Worker` of Node's own, which is `Worker-1`.
 * (`threading.current_thread`)
 */
export function currentThread(): CurrentThread {
	return realm('current thread', () => {
		const { kind, name, daemon } = here();
		if (kind === 'thread' || isPoolWorker(name)) return new CurrentThread(name, daemon);
		return new CurrentThread(isMainThread ? 'MainThread' : `Worker-${threadId}`, false);
	});
}

/**
 * The main thread of this process, whichever thread asks; in the main thread itself it is `currentThread()`.
 * (`threading.main_thread`)
 */
export function mainThread(): MainThread {
	return isMainThread
		? currentThread()
		: { name: 'MainThread', daemon: false, isAlive: true, toString: () => 'Thread(MainThread, started)' };
}

/** A number no other living thread of the process has. (`threading.get_ident`) */
export function getIdent(): number {
	return currentThread().ident;
}

/** The kernel's id of the calling thread on Linux, null elsewhere. (`threading.get_native_id`) */
export function getNativeId(): number | null {
	return currentThread().nativeId;
}

/** A process worker of a pool has a main thread, which goes by the worker's name. */
function isPoolWorker(name: string): boolean {
	return name.startsWith('PoolWorker-');
}
