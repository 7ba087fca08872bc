import { type Baggage, unpackBaggage } from '../baggage.js';
import type { FarChannel, FarReceiver } from '../channel/channel.js';
import { Endpoint } from '../channel/endpoint.js';
import { FULL_PIPE_MS } from '../channel/outlet.js';
import type { CallMode, Message, WirePayload } from '../channel/protocol.js';
import type { Rec } from '../channel/records.js';
import { now } from '../clock.js';
import type { Medium } from '../codec/shareable.js';
import { LARGE, toSmall } from '../codec/small.js';
import type { Here } from '../here.js';
import { paceAfter } from '../host/call.js';
import { living } from '../host/host.js';
import { packageNames } from '../packages.js';
import { code } from '../texts.js';
import { appoint, type Will } from '../will.js';
import { reportFailure, reportFloating, reportUncaught } from './failure.js';
import { constantOf, takeName, unload } from './load.js';
import { HostNotary } from './notary.js';
import { isOfItems, isThenable, type Outcome, type Target } from './outcome.js';
import { allWritten } from './output.js';
import { PostedCalls } from './posted.js';
import { CallSlot } from './slot.js';

/** The far side of a host: receives a call, revives the function, runs it, answers. */
export class Server {
	readonly #here: Here;
	readonly #channel: FarChannel;
	readonly #endpoint: Endpoint;
	readonly #slot: CallSlot;
	readonly #posted: PostedCalls;
	/** A call runs, or the next is about to. */
	#isBusy = false;
	/** When what calls have left to be done is to get its turn. */
	#turnEnds = 0;
	#ending = false;
	/** Of each constant function by its number, about how many microseconds a call of it took at most, lately. */
	readonly #paces: number[] = [];
	#compiled: (() => Uint8Array) | null = null;
	readonly #wills: ReadonlySet<Will>;

	constructor(medium: Medium, here: Here, open: (receiver: FarReceiver) => FarChannel) {
		this.#here = here;
		this.#channel = open({
			receive: (message) => this.#receive(message),
			arrived: () => {
				if (!this.#isBusy) this.#takeTurn();
			},
			dropped: (id) => this.#posted.drop(id),
			// Without its parent a process has nothing left to do. Of code that closed the channel the parent makes an end.
			closed: (error) => {
				const isCutOff = (error as NodeJS.ErrnoException | undefined)?.code === 'EBADF';
				if (medium === 'process' && !isCutOff) process.exit(this.#ending ? process.exitCode : 1);
			},
		});
		this.#endpoint = new Endpoint(medium, this.#channel, packageNames());
		this.#slot = new CallSlot(this.#endpoint, this.#channel);
		this.#posted = new PostedCalls(this.#endpoint, this.#channel, this.#slot);
		this.#wills = appoint(new HostNotary(this.#endpoint, this.#channel));
	}

	/** @param compiled what the engine has made of the text of the far side; null when the other end has no need of it */
	start(compiled: (() => Uint8Array) | null): void {
		this.#compiled = compiled;
		if (compiled !== null) setTimeout(() => this.#tellCode(), CODE_MS).unref();
		process.on('uncaughtExceptionMonitor', (error) => this.#tellUncaught(error));
		process.on('exit', () => this.#channel.flush());
		// One that runs a single function is a thread or process by itself, not a worker.
		if (this.#here.runs === 'many') {
			process.on('unhandledRejection', (reason) => reportFloating(this.#here, reason));
			this.#slot.watch();
		}
		this.#channel.post({ type: 'ready' });
	}

	#receive(message: Message): void {
		if (this.#endpoint.learn(message)) return;
		if (message.type === 'call') this.#posted.add(message);
		else if (message.type === 'end') this.#ending = true;
		else if (message.type === 'pull') this.#posted.pull(message.id, message.items);
		else if (message.type === 'finish') this.#posted.finish(message.id);
		else if (message.type === 'recall') this.#giveBack();
		else if (message.type === 'cancel') void this.#cancel(message.id, message.reason);
	}

	/** Whoever takes turns of the event loop may keep others waiting for long. */
	#giveBack(): void {
		const ids = this.#channel.giveBack();
		for (const id of ids) if (this.#posted.has(id)) this.#posted.drop(id);
		this.#channel.post({ type: 'returned', ids });
	}

	async #cancel(id: number, payload: WirePayload): Promise<void> {
		let reason: unknown;
		try {
			const opened = this.#endpoint.open(payload);
			reason = opened instanceof Promise ? await opened : opened;
		} catch (failure) {
			reason = failure; // the abort itself must arrive
		}
		this.#slot.abort(id, reason);
		this.#posted.finish(id); // a generator that waits for its consumer looks at no signal
	}

	/** The event loop has come round. */
	#takeTurn(): void {
		this.#turnEnds = now() + TURN_MS;
		this.#isBusy = true;
		this.#next();
	}

	/** Begins the calls that are there, one after the other, until one takes turns of the event loop. */
	#next(): void {
		for (;;) {
			if (now() > this.#turnEnds) {
				this.#channel.secure(false);
				setImmediate(() => this.#takeTurn());
				return;
			}
			const call = this.#channel.next();
			if (call !== null) {
				if (!this.#begin(call)) return;
			} else if (this.#channel.rest()) {
				this.#isBusy = false;
				if (this.#ending) void this.#end();
				return;
			}
		}
	}

	/** Runs a call; false when it goes on in turns of the event loop, and `#next` is called after it. */
	#begin(call: Rec): boolean {
		const constant = constantOf(call);
		const isShort = call.values !== null && (this.#paces[constant] ?? SHORT_US) < SHORT_US;
		if (!this.#channel.secure(isShort)) {
			setTimeout(() => {
				if (this.#begin(call)) this.#next();
			}, FULL_PIPE_MS);
			return false;
		}
		if (call.values === null) {
			void this.#runPosted(call.id).then(() => this.#ended());
			return false;
		}
		const began = now();
		let value: unknown;
		let ok = true;
		let subject = 'the function';
		try {
			const fn = this.#endpoint.constant(constant);
			const baggage = unload(call, this.#endpoint);
			if (fn instanceof Promise || baggage instanceof Promise) {
				this.#channel.secure(false); // it may take long
				void this.#runLater(call, fn as Target | Promise<Target>, baggage).then(() => this.#ended());
				return false;
			}
			subject = subjectOf(fn as Target);
			this.#slot.enter(call.id, fn as Target, takeName(call));
			const args = call.values;
			if (baggage.length === 0) value = (fn as Target)(...args);
			else value = unpackBaggage(baggage, () => (fn as Target)(...args));
			if (isThenable(value)) {
				this.#channel.secure(false); // it may take long
				void this.#settle(call.id, value as PromiseLike<unknown>, began, subject).then((microseconds) => {
					this.#notePace(constant, microseconds);
					this.#ended();
				});
				return false;
			}
		} catch (error) {
			ok = false;
			value = error;
		}
		const microseconds = since(began);
		this.#notePace(constant, microseconds);
		this.#answer(call.id, 'apply', ok, value, microseconds, subject);
		if (this.#here.runs === 'many') return true;
		void this.#end();
		return false;
	}

	/** A call is over that took turns of the event loop. */
	#ended(): void {
		if (this.#here.runs === 'many') this.#next();
		else void this.#end();
	}

	#notePace(constant: number, microseconds: number): void {
		this.#paces[constant] = paceAfter(this.#paces[constant] ?? Number.POSITIVE_INFINITY, microseconds);
	}

	/** Answers when it is settled; gives how long that took. */
	async #settle(id: number, value: PromiseLike<unknown>, began: number, subject: string): Promise<number> {
		let outcome: Outcome;
		try {
			outcome = { ok: true, value: await value };
		} catch (error) {
			outcome = { ok: false, value: error };
		}
		const microseconds = since(began);
		this.#answer(id, 'apply', outcome.ok, outcome.value, microseconds, subject);
		return microseconds;
	}

	/** Modules have to be imported first. */
	async #runLater(
		call: Rec,
		loading: Target | Promise<Target>,
		unloading: Baggage | Promise<Baggage>,
	): Promise<void> {
		const began = now();
		const { id, values } = call;
		try {
			const [fn, baggage] = await Promise.all([loading, unloading]);
			this.#slot.enter(id, fn, takeName(call));
			const run = async () => fn(...(values ?? []));
			await this.#settle(id, unpackBaggage(baggage, run), began, subjectOf(fn));
		} catch (error) {
			this.#answer(id, 'apply', false, error, since(began), 'the function');
		}
	}

	/** A call that came as a message. */
	async #runPosted(id: number): Promise<void> {
		const message = this.#posted.next(id);
		const began = now();
		const { mode } = message;
		let subject = 'the function';
		try {
			const opened = await this.#posted.open(message);
			subject = subjectOf(opened.fn);
			this.#slot.enter(id, opened.fn, message.name);
			const run = () => this.#posted.run(message, opened, subject);
			const { ok, value } = await unpackBaggage(opened.baggage, run);
			this.#answer(id, mode, ok, value, since(began), subject);
		} catch (error) {
			// It did not come to run: a module is missing, or what came cannot be taken apart.
			const content = isOfItems(mode) ? { done: [], error } : error;
			this.#answer(id, mode, false, content, since(began), subject);
		}
		this.#posted.forget(message);
	}

	#answer(
		id: number,
		mode: CallMode,
		ok: boolean,
		value: unknown,
		microseconds: number,
		subject: string,
	): void {
		const hasTold = this.#slot.leave();
		if (this.#wills.size > 0) for (const will of this.#wills) will.renew();
		if (!ok && this.#here.runs === 'one') reportFailure(this.#here, value);
		const small = ok && !hasTold ? toSmall(value) : LARGE;
		if (small !== LARGE && this.#channel.answer(id, microseconds, small)) return;
		const what = ok ? `the result of ${subject}` : `the error of ${subject}`;
		let payload: ReturnType<Endpoint['encode']>;
		try {
			payload = this.#endpoint.encode(value, { subject: what, root: ok ? 'result' : 'error', lenient: !ok });
		} catch (refusal) {
			ok = false;
			const content = isOfItems(mode) ? { done: [], error: refusal } : refusal;
			payload = this.#endpoint.encode(content, { subject: what, root: 'error', lenient: true });
		}
		const wire = this.#endpoint.prepare(payload, null);
		this.#channel.post({ type: 'result', id, ok, microseconds, payload: wire });
	}

	/** Once most of it has run, which is what the next worker will not have to compile. */
	#tellCode(): void {
		if (this.#compiled === null) return;
		code().far = this.#compiled();
		this.#compiled = null;
		this.#channel.post({ type: 'code', bytes: code().far as Uint8Array });
	}

	/** Ends this thread or process once what it started itself has ended. */
	async #end(): Promise<void> {
		this.#ending = true;
		this.#channel.flush(); // the answer need not wait for what follows
		this.#tellCode();
		this.#channel.flush();
		await new Promise((resolve) => setImmediate(resolve)); // of a promise that nobody handles Node tells after this turn
		const children = [...living()].filter((host) => !host.isDaemon);
		await Promise.all(children.map((host) => host.exited));
		this.#channel.flush();
		await allWritten(); // a slow reader gets everything, which `process.exit` would drop
		process.exit();
	}

	#tellUncaught(error: unknown): void {
		if (process.listenerCount('uncaughtException') > 0) return; // the user's own code handles it
		reportUncaught(this.#here, error);
		const options = { subject: 'an uncaught error', root: 'error', lenient: true };
		const payload = this.#endpoint.prepare(this.#endpoint.encode(error, options), null);
		this.#channel.post({ type: 'uncaught', error: payload });
		this.#channel.flush();
	}
}

/** So long at most calls follow one another without a turn of the event loop. */
const TURN_MS = 1;
/** After so long a worker has compiled most of what it will need. */
const CODE_MS = 10;
/** A call that is expected to take less is short: the answers before it may be noticed after it. */
const SHORT_US = 50;

function since(began: number): number {
	return Math.min(Math.round((now() - began) * 1_000), 0xffff_ffff);
}

function subjectOf(fn: Target): string {
	return `\`${fn.name || '(anonymous)'}\``;
}
