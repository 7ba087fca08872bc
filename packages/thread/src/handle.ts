import {
	brand,
	CannotCross,
	type Label,
	type Medium,
	Registry,
	readTimeout,
	realm,
	revive,
	type Shareable,
	type SyncWaitOptions,
	sendAll,
	share,
	type ThreadId,
	takeReportsWhole,
	takeSentReports,
	type WaitOptions,
	waitFor,
} from '@conc/core';
import { Circle, LONG_MS } from '@conc/lock';
import { ThreadError } from './errors.js';

/** What a thread is called where it goes. */
interface Handle {
	readonly ident: ThreadId;
	readonly name: string;
	readonly daemon: boolean;
}

/** How often one that awaits a thread it did not start looks whether that lives. */
const LOOK_AGAIN_MS = 10;

/** For messages of a DeadlockError. */
const wording = { never: 'end', wayOut: 'join with a timeout, or from the thread that started it' };

/** The handles somebody here has, so that there is one of each thread. */
const known = () =>
	realm('thread handles', () => {
		const handles = new Map<ThreadId, WeakRef<ThreadHandle>>();
		const gone = new FinalizationRegistry<ThreadId>((ident) => {
			if (handles.get(ident)?.deref() === undefined) handles.delete(ident); // it may have another by now
		});
		return { handles, gone };
	});

/**
 * A thread as any thread of the process sees it: itself, one that another has started, a pool's worker, a `Worker` of
 * Node's own. In the thread that started it, a Thread is its own handle. Given to another thread, a handle is one of the same
 * thread there.
 */
export class ThreadHandle implements Shareable {
	readonly #name: string;
	readonly #daemon: boolean;
	#ident: ThreadId | null;

	/** @internal */
	constructor(ident: ThreadId | null, name: string, daemon: boolean) {
		this.#ident = ident;
		this.#name = name;
		this.#daemon = daemon;
	}

	/** As it was given; of a thread that another one started, the first 248 bytes of it. (`Thread.name`) */
	get name(): string {
		return this.#name;
	}

	/** Ended with the one that started it instead of waited for. (`Thread.daemon`) */
	get daemon(): boolean {
		return this.#daemon;
	}

	/** A number no other living thread of the process has; null before the start. (`Thread.ident`) */
	get ident(): number | null {
		return this.#ident;
	}

	/** The kernel's id of the thread on Linux; null elsewhere and until it runs. (`Thread.native_id`) */
	get nativeId(): number | null {
		return this.#ident === null ? null : Registry.ours().tidOf(this.#ident);
	}

	/** Started and not ended yet. (`Thread.is_alive`) */
	get isAlive(): boolean {
		return this.#ident !== null && Registry.ours().isAlive(this.#ident);
	}

	/**
	 * Resolves with true when the thread has ended, however it did, with false when that took longer than `timeout`
	 * milliseconds. Rejects with a ThreadError before the start, in the thread itself, and where the thread ends only
	 * after this one: the main thread, and the one that started this one. (`Thread.join`)
	 */
	async join(options?: WaitOptions): Promise<boolean> {
		const ident = this.#joined();
		const registry = Registry.ours();
		let look: NodeJS.Timeout | undefined;
		const ended = new Promise<void>((resolve) => {
			look = setInterval(() => registry.isAlive(ident) || resolve(), LOOK_AGAIN_MS);
		});
		try {
			if (!registry.isAlive(ident)) return await waitFor(takeReportsWhole(), options);
			return await waitFor(ended.then(takeReportsWhole), options);
		} finally {
			clearInterval(look);
		}
	}

	/**
	 * The same, blocking this thread: its event loop does not turn meanwhile. Without a time limit, one of several threads that
	 * block for each other gets a DeadlockError after a second, whether they join each other or take locks.
	 */
	joinSync(options?: SyncWaitOptions): boolean {
		const timeout = readTimeout(options);
		const ident = this.#joined();
		const started = performance.now();
		let circle: Circle | undefined;
		const endCircle = () => {
			circle?.end();
			circle = undefined;
		};
		const longestNap = () => {
			const longest = sendAll(endCircle);
			if (timeout < Number.POSITIVE_INFINITY || performance.now() - started < LONG_MS) return longest;
			circle ??= new Circle({ registry: Registry.ours(), label: this.name, owner: () => ident, wording });
			circle.look();
			return longest;
		};
		try {
			const hasEnded = Registry.ours().waitForDeath(ident, timeout, longestNap);
			takeSentReports();
			return hasEnded;
		} finally {
			endCircle();
		}
	}

	toString(): string {
		const state = this.#ident === null ? 'initial' : this.isAlive ? 'started' : 'stopped';
		return `Thread(${this.name}, ${state}${this.daemon ? ', daemon' : ''})`;
	}

	[Symbol.for('nodejs.util.inspect.custom')](): string {
		return this.toString();
	}

	/** @internal */
	[share](to: Medium): Handle {
		const ident = this.#ident;
		if (to === 'process')
			throw new CannotCross('is a thread of this process', 'send its name, or what it returns');
		if (ident === null) throw new CannotCross('is a thread that has not been started', 'call start() first');
		return { ident, name: this.name, daemon: this.daemon };
	}

	/** @internal */
	static [revive]({ ident, name, daemon }: Handle): ThreadHandle {
		return handleOf(ident, { name, daemon });
	}

	/** @internal It was started, and is this thread from now on. */
	protected become(ident: ThreadId): void {
		this.#ident = ident;
		keep(ident, this);
	}

	/** Throws where nobody could wait for it. */
	#joined(): ThreadId {
		const ident = this.#ident;
		if (ident === null)
			throw new ThreadError(`cannot join ${this.name} before it is started: call start() first`);
		const registry = Registry.ours();
		const self = registry.self();
		if (ident === self)
			throw new ThreadError(`${this.name} cannot join itself: it would wait for its own end`);
		if (ident === Registry.main || isAbove(ident, self))
			throw new ThreadError(`cannot join ${this.name} from a thread of its own: it ends only after that`);
		return ident;
	}
}
brand(ThreadHandle, '@conc/thread:ThreadHandle');

/** Whether it has started the thread, or one above it. */
function isAbove(ident: ThreadId, thread: ThreadId): boolean {
	const maker = Registry.ours().makerOf(thread);
	return maker !== 0 && (maker === ident || isAbove(ident, maker));
}

/** The handle this thread has of another, or of itself. */
export function handleOf(ident: ThreadId, { name, daemon }: Label): ThreadHandle {
	const found = known().handles.get(ident)?.deref();
	return found ?? keep(ident, new ThreadHandle(ident, name, daemon));
}

function keep(ident: ThreadId, handle: ThreadHandle): ThreadHandle {
	const { handles, gone } = known();
	handles.set(ident, new WeakRef(handle));
	gone.register(handle, ident);
	return handle;
}
