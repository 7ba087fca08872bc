import type { Socket } from 'node:net';
import { follow } from '../aborts.js';
import { Intake } from '../channel/intake.js';
import { Lookout } from '../channel/lookout.js';
import { descriptorOf, Outlet } from '../channel/outlet.js';
import { AuthenticationError, HomeLostError } from '../errors.js';
import { beforeBlocking, sendAll } from '../host/blocking.js';
import { crypto } from '../lazy.js';
import { realm } from '../realm.js';
import { arrives } from './arrivals.js';
import { BlockingCalls } from './blocking-calls.js';
import { dial } from './dial.js';
import { errorOf, type Failure } from './failure.js';
import { type Home, keyOf } from './handle.js';
import {
	Batch,
	CANCEL,
	DONE,
	DROP,
	FAILED,
	frameOf,
	GIVEN,
	HOLD,
	type Message,
	messageFrames,
	REFUSED,
	TOOK,
} from './message.js';

/** So many messages leave together at most. */
const MOST_TOGETHER = 256;

interface Asking {
	/** Makes of the answer what is resolved with. What it throws, rejects. */
	readonly read: ((answer: unknown) => unknown) | undefined;
	resolve(value: unknown): void;
	reject(error: unknown): void;
}

const links = () =>
	realm('links', () => {
		const all = new Map<string, Link>();
		process.on('exit', () => {
			for (const link of all.values()) link.flushSync();
		});
		beforeBlocking(() => {
			for (const link of all.values()) link.send();
		});
		return all;
	});

/** The connection of this thread to the broker of a process; one, however many things live there. */
export function linkTo(home: Home): Link {
	const known = links().get(nameOf(home));
	if (known !== undefined) return known;
	const link = new Link(home);
	links().set(nameOf(home), link);
	arrives(link.ready);
	return link;
}

/** Who has another key is another one. */
function nameOf(home: Home): string {
	const { authkey } = home;
	return `${keyOf(home)} ${authkey === null ? '' : Buffer.from(authkey).toString('hex')}`;
}

/** Two connections to one broker: one for the event loop, and one for calls that block. */
export class Link {
	/** Settles when it was made, or could not be; never rejects: whoever asks then gets the error. */
	readonly ready: Promise<void>;
	readonly #home: Home;
	readonly #dialing = new AbortController();
	/** How many wait for it to be made. */
	#hoping = 0;
	readonly #client = crypto().randomUUID();
	#events: { readonly socket: Socket; readonly outlet: Outlet; readonly lookout: Lookout } | null = null;
	readonly #blocking: BlockingCalls;
	readonly #answers = messageFrames((message) => this.#hear(message));
	readonly #asking = new Map<number, Asking>();
	/** No message was sent in this turn. */
	#isFirst = true;
	readonly #burst = new Batch();
	/** Of what was given, what has been taken and not been said. */
	readonly #taken = new Batch();
	/** How many objects of this thread stand for what lives there. */
	readonly #held = new Map<number, number>();
	#next = 1;
	/** How many messages have gone the way of the event loop; what is asked after them is done after them. */
	#said = 0;
	#lost: Error | null = null;

	constructor(home: Home) {
		this.#home = home;
		this.#blocking = new BlockingCalls(home, this.#client, (cause) => this.#lose(cause));
		this.ready = this.#connect().catch((error: unknown) => void this.#lose(error));
	}

	/** What the next question is called. */
	nextId(): number {
		return this.#next++;
	}

	/**
	 * Asks, and resolves with the answer, or with what `read` makes of it. Aborting takes the question back, unless it
	 * was answered before.
	 */
	ask(
		question: Message,
		signal: AbortSignal | undefined,
		read?: (answer: unknown) => unknown,
	): Promise<unknown> {
		if (this.#events === null || signal !== undefined) return this.#askWhenReady(question, signal, read);
		return new Promise((resolve, reject) => this.#pose(question, { read, resolve, reject }));
	}

	async #askWhenReady(
		question: Message,
		signal: AbortSignal | undefined,
		read: ((answer: unknown) => unknown) | undefined,
	): Promise<unknown> {
		signal?.throwIfAborted();
		if (this.#events === null) {
			this.#hoping++;
			await this.ready;
			this.#hoping--;
		}
		signal?.throwIfAborted();
		let unfollow: (() => void) | undefined;
		try {
			return await new Promise((resolve, reject) => {
				this.#pose(question, { read, resolve, reject });
				if (signal !== undefined) unfollow = follow(signal, () => this.#say([CANCEL, question[1]]));
			});
		} catch (error) {
			throw signal?.aborted && isAbort(error) ? signal.reason : error;
		} finally {
			unfollow?.();
		}
	}

	/** Whoever asked waits no longer. One that was not made yet, and for which nobody else waits, never will be. */
	giveUp(): void {
		if (this.#events !== null || this.#hoping > 1) return;
		this.#lose(undefined);
	}

	#pose(question: Message, asking: Asking): void {
		if (this.#lost !== null) return asking.reject(this.#lost);
		this.#say(question); // throws for what cannot be sent
		this.#asking.set(question[1] as number, asking);
		if (this.#asking.size === 1) this.#events?.socket.ref();
	}

	/**
	 * Asks, and blocks this thread until the answer is there.
	 *
	 * @param accept throws what is thrown in place of an answer that is not wanted, which then goes back
	 */
	askSync(question: Message, accept?: (answer: unknown) => void): unknown {
		if (this.#lost !== null) throw this.#lost;
		const lane = this.#blocking.lane();
		const frame = frameOf([...question, this.#said]); // throws for what cannot be sent
		sendAll(); // what is waited for may be up to a call made in this very turn
		this.flushSync();
		const answer = this.#blocking.ask(lane, frame, question[1]);
		const [type, id, value] = answer;
		if (type === FAILED) throw errorIn(answer);
		if (type === DONE) return value;
		try {
			accept?.(value);
		} catch (error) {
			lane.tell([REFUSED, id]);
			throw error;
		}
		lane.tell([TOOK, id]);
		return value;
	}

	/** Sends what waits for the end of this turn. */
	send(): void {
		if (this.#burst.count > 0) this.#events?.outlet.write(...this.#burst.take());
	}

	/** Blocks until everything that was said has left. */
	flushSync(): void {
		this.send();
		this.#events?.outlet.flushSync();
	}

	/** One more object of this thread stands for it: its home keeps it as long as one does. */
	hold(target: number): void {
		const held = this.#held.get(target) ?? 0;
		this.#held.set(target, held + 1);
		if (held === 0 && this.#isOpen) this.#say([HOLD, target]);
	}

	/** One less does; its home is told when none is left. */
	drop(target: number): void {
		const left = (this.#held.get(target) as number) - 1;
		if (left > 0) return void this.#held.set(target, left);
		this.#held.delete(target);
		if (this.#isOpen) this.#say([DROP, target]);
	}

	get #isOpen(): boolean {
		return this.#events !== null && this.#lost === null;
	}

	/** The first message of a turn leaves at once, more of them together when the code that sends them pauses. */
	#say(message: Message): void {
		if (this.#isFirst) {
			this.#events?.outlet.write(frameOf(message));
			this.#said++;
			this.#isFirst = false;
			queueMicrotask(() => {
				this.#isFirst = true;
				this.send();
				this.#events?.lookout.look(() => this.#asking.size > 0);
			});
			return;
		}
		this.#burst.add(message);
		this.#said++;
		if (this.#burst.count === MOST_TOGETHER) this.send();
	}

	async #connect(): Promise<void> {
		const { signal } = this.#dialing;
		const [events, blocking] = await Promise.all([
			dial(this.#home, this.#client, 'events', signal),
			dial(this.#home, this.#client, 'blocking', signal),
		]);
		const outlet = new Outlet(events, descriptorOf(events));
		const take = (chunk: Buffer) => {
			try {
				this.#answers.push(chunk);
				// Before the code gets it that asked.
				if (this.#taken.count === 0) return;
				this.#said += this.#taken.count;
				outlet.write(...this.#taken.take());
			} catch (error) {
				this.#lose(error); // it does not speak as we do
			}
		};
		const intake = new Intake();
		const lookout = new Lookout(() => intake.pull(events, take));
		this.#events = { socket: events, outlet, lookout };
		events.on('data', (chunk: Buffer) => {
			lookout.rouse();
			take(chunk);
		});
		events.on('close', () => this.#lose(undefined));
		events.unref();
		for (const target of this.#held.keys()) this.#say([HOLD, target]);
		this.#blocking.connected(blocking);
	}

	#hear(message: Message): void {
		const [type, id, value] = message;
		const asking = this.#asking.get(id as number);
		if (asking === undefined) return;
		this.#asking.delete(id as number);
		if (this.#asking.size === 0) this.#events?.socket.unref();
		if (type === FAILED) return asking.reject(errorIn(message));
		if (type === GIVEN) this.#taken.add([TOOK, id]);
		try {
			asking.resolve(asking.read === undefined ? value : asking.read(value));
		} catch (error) {
			asking.reject(error);
		}
	}

	/** The process has ended, or cannot be reached: whoever waits, and whoever comes, gets the error. */
	#lose(cause: unknown): Error {
		if (cause instanceof AuthenticationError) this.#lost ??= cause;
		this.#lost ??= new HomeLostError(
			`${this.#home.name} has ended, and what lives in it with it`,
			cause === undefined ? undefined : { cause },
		);
		if (links().get(nameOf(this.#home)) === this) links().delete(nameOf(this.#home)); // another may listen there later
		this.#events?.outlet.close();
		this.#events?.socket.destroy();
		this.#blocking.close();
		this.#dialing.abort(); // one of the two connections may be there, or still be tried
		for (const { reject } of this.#asking.values()) reject(this.#lost);
		this.#asking.clear();
		return this.#lost;
	}
}

function isAbort(error: unknown): boolean {
	return (error as { name?: unknown } | null)?.name === 'AbortError';
}

function errorIn([, , failure]: Message): unknown {
	return errorOf(failure as Failure);
}
