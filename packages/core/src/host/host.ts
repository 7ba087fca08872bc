import type { Transferable } from 'node:worker_threads';
import { placeOf } from '../capture/place.js';
import type { NearChannel, NearReceiver } from '../channel/channel.js';
import { MOST_CALLS } from '../channel/claims.js';
import { Endpoint } from '../channel/endpoint.js';
import type { Message, PartialResult, WirePayload } from '../channel/protocol.js';
import { NAMED } from '../channel/records.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import type { Small } from '../codec/small.js';
import { type Exit, HostExitError, StartupRecursionError } from '../errors.js';
import { packageNames } from '../packages.js';
import { realm } from '../realm.js';
import { importing } from '../revive/modules.js';
import { code } from '../texts.js';
import { type Call, encodeSmall, makeCall, type Prepared } from './call.js';
import { userFrames } from './frames.js';

/** What a kind of host - thread or process - does in its own way. */
export interface Carrier {
	readonly channel: NearChannel;
	/** The process id, or the `threadId` of a thread. */
	readonly id: number;
	/** Settles when it is gone and everything it sent has been received. */
	readonly exited: Promise<Exit>;
	/** Asks the system, where it can be asked. */
	isAlive(): boolean;
	/** How it ended, if it has, as far as the system tells before the event. */
	ending(): Exit | null;
	/** Ends it at once; `SIGTERM` for a process unless said otherwise. */
	kill(signal?: NodeJS.Signals): void;
	ref(): void;
	unref(): void;
}

/** Who is told how a call ended: once, and as soon as that is known. */
export interface Caller {
	readonly call: Call;
	/** @param microseconds how long the call took */
	resolve(value: unknown, microseconds: number): void;
	reject(error: unknown): void;
	/** The answer is there, but needs modules that have to be imported first: it takes turns of the event loop. */
	opening?(): void;
	/** An item of a stream; a promise where modules have to be imported first. */
	item?(value: unknown): void;
	/** What the call reports on its way. */
	progress?(value: unknown): void;
	/** It looks at its signal. */
	listens?(): void;
	/** It was recalled before it began: nothing more is told of it. */
	returned?(): void;
}

/** An item of a `map` failed. Between host and pool; users see the error itself. */
export class ItemError {
	/** @param done the results of the items before it */
	constructor(
		readonly done: readonly unknown[],
		readonly error: unknown,
	) {}
}

/** A thread or process that runs calls for us. */
export class Host {
	readonly medium: Medium;
	readonly name: string;
	/** It is ended with the one that started it, not waited for. */
	readonly isDaemon: boolean;
	readonly #carrier: Carrier;
	readonly #endpoint: Endpoint;
	/** Who made the calls under way; their ids modulo `MOST_CALLS` are where, so no two may have the same. */
	readonly #callers: (Caller | undefined)[] = [];
	readonly #ids: number[] = [];
	#pending = 0;
	/** Who waits for calls to be given back. */
	readonly #recalls: (() => void)[] = [];
	#nextCall = 0;
	#uncaught: Promise<unknown> | null = null;
	#terminated = false;
	#isReady = false;
	#markReady: () => void = () => {};
	/** Resolves when it runs; never, when it ends before. */
	readonly ready: Promise<void>;
	/** How it ended, once it has. */
	exit: Exit | null = null;
	/** Settles, never rejects, when it has ended and all its calls have. */
	readonly exited: Promise<Exit>;

	constructor(medium: Medium, name: string, isDaemon: boolean, start: (receiver: NearReceiver) => Carrier) {
		const [module] = importing();
		if (module !== undefined) {
			throw new StartupRecursionError(
				`${name} would be started by ${module.specifier} while that module is being imported for a worker\n` +
					'  → make the call inside a function, not while the module is evaluated',
			);
		}
		this.medium = medium;
		this.name = name;
		this.isDaemon = isDaemon;
		this.ready = new Promise((resolve) => {
			this.#markReady = resolve;
		});
		this.#carrier = start({
			receive: (message) => this.#receive(message),
			answered: (id, microseconds, value) => this.#end(id)?.resolve(value, microseconds),
			closed: () => {},
		});
		this.#endpoint = new Endpoint(medium, this.#carrier.channel, packageNames());
		this.exited = this.#carrier.exited.then((exit) => this.#ended(exit));
		living().add(this);
	}

	/** The process id, or the `threadId` of a thread. */
	get id(): number {
		return this.#carrier.id;
	}

	/** Whether it still runs, asking the system; before its end is learned from an event. */
	get isAlive(): boolean {
		return this.exit === null && this.#carrier.isAlive();
	}

	/** Whether it has started; it may have ended since. */
	get isReady(): boolean {
		return this.#isReady;
	}

	/** The same as `exit`, asking the system: for a caller who blocks, and whom no event reaches. */
	get ending(): Exit | null {
		if (this.exit !== null) return this.exit;
		const ending = this.#carrier.ending();
		return ending !== null && this.#terminated ? { ...ending, reason: 'terminated' } : ending;
	}

	/** How many calls have not been answered. */
	get pending(): number {
		return this.#pending;
	}

	/** Runs a function there. Throws a CaptureError at once where something cannot cross. */
	call(
		fn: (...args: never[]) => unknown,
		args: readonly unknown[],
		transfer?: readonly Transferable[],
	): Promise<unknown> {
		const call = makeCall(fn, args, this.medium, { transfer });
		return new Promise((resolve, reject) => this.run({ call, resolve, reject }));
	}

	/**
	 * Runs a call that was made before, after those that were given to this host before it. It is rejected with a
	 * HostExitError when the host ends before it answers. Gives the id under which it can be taken back; -1 when it was
	 * rejected at once.
	 */
	run(caller: Caller): number {
		const { call } = caller;
		if (this.exit !== null) {
			caller.reject(this.#exitError(this.exit, caller, false));
			return -1;
		}
		try {
			const id = this.#newId();
			this.#send(call, id);
			this.#callers[id % MOST_CALLS] = caller;
			this.#ids[id % MOST_CALLS] = id;
			this.#pending++;
			return id;
		} catch (error) {
			caller.reject(error);
			return -1;
		}
	}

	/** Takes a call back that has not begun: its caller is told nothing any more. False when it may have begun. */
	takeBack(id: number): boolean {
		const caller = this.#callerOf(id);
		if (caller === undefined || movesSomething(caller.call)) return false;
		if (!this.#carrier.channel.takeBack(id)) return false;
		this.#end(id);
		return true;
	}

	/** Whether there is room for calls ahead of time. */
	get hasRoom(): boolean {
		return this.#carrier.channel.hasRoom;
	}

	/**
	 * Asks for the calls back that have not begun, where `takeBack` cannot: of what is given back, the callers are told, the
	 * last call first. Calls `done` after that.
	 */
	recall(done: () => void): void {
		this.#recalls.push(done);
		this.#carrier.channel.post({ type: 'recall' });
	}

	/** Wants so many more items of a stream. */
	pull(id: number, items: number): void {
		if (this.#callerOf(id) !== undefined) this.#carrier.channel.post({ type: 'pull', id, items });
	}

	/** Wants no more items of a stream, which ends then. */
	finish(id: number): void {
		if (this.#callerOf(id) !== undefined) this.#carrier.channel.post({ type: 'finish', id });
	}

	/** Aborts the signal at which a call looks. */
	cancel(id: number, reason: unknown): void {
		if (this.#callerOf(id) === undefined) return;
		this.#carrier.channel.post({ type: 'cancel', id, reason: this.#endpoint.reason(reason) });
	}

	/** Lets the far side forget a function that was prepared for one map. */
	release({ constant }: Prepared): void {
		if (this.exit === null) this.#endpoint.release(constant.id);
	}

	/** Lets it end once the calls under way are done. */
	end(): void {
		this.#carrier.channel.send(); // or it might see that it is to end before it sees the calls
		this.#carrier.channel.post({ type: 'end' });
	}

	/** Ends it at once; its calls reject. Resolves when it is gone. Safe to call again, and after its end. */
	terminate(signal?: NodeJS.Signals): Promise<Exit> {
		if (this.exit === null) {
			this.#terminated = true;
			this.#carrier.kill(signal);
		}
		return this.exited;
	}

	/** Blocks until what was posted has been sent, for a caller that is about to block on its outcome. */
	flush(): void {
		this.#carrier.channel.flush();
	}

	/** Sends what can be sent without waiting; false when that was nothing. */
	send(): boolean {
		return this.#carrier.channel.send();
	}

	/** Moves what can be moved both ways, for a caller that blocks until it ends. False when there was nothing. */
	pump(): boolean {
		const sent = this.#carrier.channel.send();
		return this.#carrier.channel.drain() || sent;
	}

	/** Whether it keeps this process alive. */
	ref(): void {
		if (this.exit === null) this.#carrier.ref();
	}

	unref(): void {
		if (this.exit === null) this.#carrier.unref();
	}

	#receive(message: Message): void {
		if (this.#endpoint.learn(message)) return;
		if (message.type === 'ready') {
			this.#isReady = true;
			return this.#markReady();
		}
		if (message.type === 'code') {
			code().far = message.bytes;
			return;
		}
		if (message.type === 'uncaught') {
			this.#uncaught = this.#openUncaught(message.error);
			return;
		}
		if (message.type === 'returned') this.#returned(message.ids);
		if (message.type === 'listens') this.#callerOf(message.id)?.listens?.();
		if (message.type === 'item') this.#callerOf(message.id)?.item?.(this.#open(message.payload));
		if (message.type === 'progress') this.#callerOf(message.id)?.progress?.(this.#open(message.payload));
		if (message.type !== 'result') return;
		const caller = this.#end(message.id);
		if (caller !== undefined) this.#settle(caller, message);
	}

	#returned(ids: readonly number[]): void {
		for (const id of ids.toReversed()) this.#end(id)?.returned?.();
		this.#recalls.shift()?.();
	}

	#callerOf(id: number): Caller | undefined {
		return this.#ids[id % MOST_CALLS] === id ? this.#callers[id % MOST_CALLS] : undefined;
	}

	/** The ids of the calls under way, in the order in which they were made. */
	#idsInOrder(): number[] {
		const ids = this.#ids.filter((_, at) => this.#callers[at] !== undefined);
		const age = (id: number) => (this.#nextCall - id + MOST_IDS) % MOST_IDS;
		return ids.sort((a, b) => age(b) - age(a));
	}

	#newId(): number {
		if (this.#pending >= MOST_CALLS)
			throw new RangeError(`${this.name} has ${MOST_CALLS} calls under way, and no more are possible`);
		let id = this.#nextCall;
		while (this.#callers[id % MOST_CALLS] !== undefined) id++;
		this.#nextCall = (id + 1) % MOST_IDS;
		return id;
	}

	#send(call: Call, id: number): void {
		if (this.#pending === 0) this.#endpoint.forget();
		const constant = call.constant === null ? null : this.#endpoint.sendConstant(call.constant);
		const { mode, name, content } = call;
		const { channel } = this.#carrier;
		let payload: Payload;
		if (constant !== null && isSmallContent(content)) {
			const isSent =
				name === undefined
					? channel.call(id, constant, content)
					: channel.call(id, constant + NAMED, [name, ...content]);
			if (isSent) return;
			payload = encodeSmall(call, content, this.medium);
		} else payload = content as Payload;
		channel.post({ type: 'call', id, mode, name, constant, payload: this.#endpoint.prepare(payload, id) });
	}

	/** A call is over. A second answer, or one to a call that was never made, is nobody's. */
	#end(id: number): Caller | undefined {
		const caller = this.#callerOf(id);
		if (caller === undefined) return undefined;
		this.#callers[id % MOST_CALLS] = undefined;
		this.#pending--;
		if (!isSmallContent(caller.call.content)) this.#endpoint.ended(id);
		return caller;
	}

	/** At once, unless modules have to be imported first. */
	#settle(caller: Caller, { ok, payload, microseconds }: Message & { type: 'result' }): void {
		let opened: unknown;
		try {
			opened = this.#endpoint.open(payload);
		} catch (error) {
			return caller.reject(error);
		}
		const settle = (value: unknown) =>
			ok ? caller.resolve(value, microseconds) : caller.reject(this.#failure(value, caller.call));
		if (!(opened instanceof Promise)) return settle(opened);
		caller.opening?.();
		opened.then(settle, (error) => caller.reject(error));
	}

	#failure(value: unknown, call: Call): unknown {
		if (call.mode === 'apply' || call.mode === 'stream') return withCallSite(value, call, this.name);
		const { done, error } = value as PartialResult;
		return new ItemError(done, withCallSite(error, call, this.name));
	}

	/** A promise where modules have to be imported first, or when it cannot be taken apart here. */
	#open(payload: WirePayload): unknown {
		try {
			return this.#endpoint.open(payload);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	/** An error that cannot be taken apart here is replaced by what went wrong; the end of the host is not held up. */
	async #openUncaught(payload: WirePayload): Promise<unknown> {
		try {
			return await this.#endpoint.open(payload);
		} catch (failure) {
			return failure;
		}
	}

	async #ended(exit: Exit): Promise<Exit> {
		const error = this.#uncaught === null ? exit.error : await this.#uncaught;
		const isUncaught = this.#uncaught !== null && exit.reason === 'exit';
		const reason = this.#terminated ? 'terminated' : isUncaught ? 'uncaught' : exit.reason;
		this.exit = { ...exit, reason, error };
		this.abandon(this.exit);
		this.#endpoint.close();
		living().delete(this);
		return this.exit;
	}

	/**
	 * Rejects what it has not answered as if it had ended in this way, the last call first: for a caller who knows of its
	 * end before the event, or gives it up.
	 */
	abandon(exit: Exit): void {
		// Which of them had begun depends on those before, so all are judged before any is told.
		const ids = this.#idsInOrder();
		const judged = ids.map((id) => {
			const caller = this.#callerOf(id) as Caller;
			return [caller, this.#exitError(exit, caller, this.#mayHaveRun(id, ids[0]))] as const;
		});
		this.#callers.length = 0;
		this.#pending = 0;
		for (const [caller, error] of judged.reverse()) caller.reject(error);
	}

	/** What a call is rejected with that it has not answered before it ended in this way. */
	#exitError(exit: Exit, { call }: Caller, mayHaveRun: boolean): HostExitError {
		const what = `${this.name} (${this.medium === 'process' ? 'pid' : 'thread'} ${this.id})`;
		const message = `${what} ${howItEnded(exit)} before ${placeOf(call.fn)} was done`;
		return new HostExitError(message, exit, mayHaveRun);
	}

	/** A far side answers each call before it begins the next. */
	#mayHaveRun(id: number, oldest: number | undefined): boolean {
		return this.#carrier.channel.hasBegun(id) ?? (this.#isReady && id === oldest);
	}
}

/** Ids begin again here, so that they fit into a word with two more bits. */
const MOST_IDS = 2 ** 29;

function isSmallContent(content: Call['content']): content is readonly Small[] {
	return Array.isArray(content);
}

/** Whether buffers or ports go to the host with it, and are gone with that. */
export function movesSomething({ content }: Call): boolean {
	return !isSmallContent(content) && content.moved.length > 0;
}

/** "ended by SIGKILL", as messages put it. */
export function howItEnded({ reason, exitCode, signalCode, error, stderr }: Exit): string {
	const why = error instanceof Error ? `: ${error.message}` : '';
	switch (reason) {
		case 'out-of-memory':
			return 'ran out of memory';
		case 'terminated':
			return 'was terminated';
		case 'failed-to-start':
			return `did not start${why}`;
		case 'uncaught':
			return 'ended by an uncaught error';
		case 'signal':
			// V8 aborts when the heap is full, and says so only on stderr.
			if (signalCode === 'SIGABRT' && stderr === undefined)
				return 'was ended by SIGABRT (as by running out of memory)';
			return `was ended by ${signalCode}${why}`;
		case 'exit':
			return `exited with code ${exitCode}${why}`;
	}
}

/** The hosts this thread has started and that still run. */
export const living = () => realm('living hosts', () => new Set<Host>());

/** An error from afar shows where it happened, and below it where the call was made. */
function withCallSite(error: unknown, { site }: Call, name: string): unknown {
	if (!(error instanceof Error) || typeof site.stack !== 'string') return error;
	const frames = userFrames(site.stack);
	if (frames.length === 0) return error;
	const stack = `${error.stack}\n    in ${name}, called from:\n${frames.join('\n')}`;
	Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
	return error;
}
