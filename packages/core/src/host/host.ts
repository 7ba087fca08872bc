import type { Transferable } from 'node:worker_threads';
import type { NearReceiver } from '../channel/channel.js';
import { Endpoint } from '../channel/endpoint.js';
import { besideCall, type Message, type WirePayload } from '../channel/protocol.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { type Exit, StartupRecursionError } from '../errors.js';
import { packageNames } from '../packages.js';
import { realm } from '../realm.js';
import { importing } from '../revive/modules.js';
import { code } from '../texts.js';
import { type Call, encodeSmall, isSmallContent, makeCall, movesSomething, type Prepared } from './call.js';
import { isSmallPacked, packedPayload, recordOf } from './carried.js';
import type { Carrier } from './carrier.js';
import { Executor } from './executor.js';
import { exitErrorOf, rejectionOf } from './rejection.js';
import { type Caller, CallsUnderWay } from './underway.js';

/** A thread or process that runs calls for us. */
export class Host {
	readonly medium: Medium;
	readonly name: string;
	/** It is ended with the one that started it, not waited for. */
	readonly isDaemon: boolean;
	readonly #carrier: Carrier;
	readonly #endpoint: Endpoint;
	readonly #underway = new CallsUnderWay();
	/** Who waits for calls to be given back. */
	readonly #recalls: (() => void)[] = [];
	#uncaught: Promise<unknown> | null = null;
	#executor: Executor | null = null;
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

	/** How messages call it when it has ended. */
	get title(): string {
		return `${this.name} (${this.medium === 'process' ? 'pid' : 'thread'} ${this.id})`;
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
		return this.#underway.count;
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
			caller.reject(exitErrorOf(call, this.title, this.exit, false));
			return -1;
		}
		try {
			const id = this.#underway.newId(this.name);
			this.#send(call, id);
			this.#underway.add(id, caller);
			return id;
		} catch (error) {
			caller.reject(error);
			return -1;
		}
	}

	/** Takes a call back that has not begun: its caller is told nothing any more. False when it may have begun. */
	takeBack(id: number): boolean {
		const caller = this.#underway.find(id);
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
		if (this.#underway.find(id) !== undefined) this.#carrier.channel.post({ type: 'pull', id, items });
	}

	/** Wants no more items of a stream, which ends then. */
	finish(id: number): void {
		if (this.#underway.find(id) !== undefined) this.#carrier.channel.post({ type: 'finish', id });
	}

	/** Aborts the signal at which a call looks. */
	cancel(id: number, reason: unknown): void {
		if (this.#underway.find(id) === undefined) return;
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
		if (message.type === 'will') {
			this.#executor ??= new Executor(this, this.#endpoint);
			return this.#executor.take(message);
		}
		if (message.type === 'revoke') return this.#executor?.revoke(message.id);
		if (message.type === 'returned') this.#returned(message.ids);
		if (message.type === 'listens') this.#underway.find(message.id)?.listens?.();
		if (message.type === 'item') this.#underway.find(message.id)?.item?.(this.#open(message.payload));
		if (message.type === 'progress') this.#underway.find(message.id)?.progress?.(this.#open(message.payload));
		if (message.type !== 'result') return;
		const caller = this.#end(message.id);
		if (caller !== undefined) this.#settle(caller, message);
	}

	#returned(ids: readonly number[]): void {
		for (const id of ids.toReversed()) this.#end(id)?.returned?.();
		this.#recalls.shift()?.();
	}

	#send(call: Call, id: number): void {
		if (this.#underway.count === 0) this.#endpoint.forget();
		const constant = call.constant === null ? null : this.#endpoint.sendConstant(call.constant);
		const carriers = call.carried?.carriers.map((carrier) => this.#endpoint.sendConstant(carrier)) ?? [];
		const { mode, name, content, carried } = call;
		const { channel } = this.#carrier;
		let payload: Payload;
		if (constant !== null && isSmallContent(content)) {
			const record = recordOf(name, carried, carriers, content);
			if (record !== null && channel.call(id, constant + record.flags, record.values)) return;
			payload = encodeSmall(call, content, this.medium);
		} else payload = content as Payload;
		const packed = carried && this.#endpoint.prepare(packedPayload(carried, this.medium), besideCall(id));
		const main = this.#endpoint.prepare(payload, id);
		channel.post({ type: 'call', id, mode, name, constant, payload: main, carriers, packed });
	}

	/** A call is over. */
	#end(id: number): Caller | undefined {
		const caller = this.#underway.take(id);
		if (caller === undefined) return undefined;
		if (!isSmallContent(caller.call.content)) this.#endpoint.ended(id);
		const { carried } = caller.call;
		if (carried !== null && !isSmallPacked(carried.packed)) this.#endpoint.ended(besideCall(id));
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
			ok ? caller.resolve(value, microseconds) : caller.reject(rejectionOf(caller.call, value, this.name));
		if (!(opened instanceof Promise)) return settle(opened);
		caller.opening?.();
		opened.then(settle, (error) => caller.reject(error));
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
		await this.#executor?.carryOut();
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
		const ids = this.#underway.inOrder();
		const judged = ids.map((id) => {
			const caller = this.#underway.find(id) as Caller;
			return [caller, exitErrorOf(caller.call, this.title, exit, this.#mayHaveRun(id, ids[0]))] as const;
		});
		this.#underway.clear();
		for (const [caller, error] of judged.reverse()) caller.reject(error);
	}

	/** A far side answers each call before it begins the next. */
	#mayHaveRun(id: number, oldest: number | undefined): boolean {
		return this.#carrier.channel.hasBegun(id) ?? (this.#isReady && id === oldest);
	}
}

/** The hosts this thread has started and that still run. */
export const living = () => realm('living hosts', () => new Set<Host>());
