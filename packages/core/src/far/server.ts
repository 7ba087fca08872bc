import { type Baggage, unpackBaggage } from '../baggage.js';
import { placeOf } from '../capture/place.js';
import type { FarChannel, FarReceiver } from '../channel/channel.js';
import { Endpoint } from '../channel/endpoint.js';
import { FULL_PIPE_MS } from '../channel/outlet.js';
import { besideCall, type CallMode, type Message, type WirePayload } from '../channel/protocol.js';
import type { Rec } from '../channel/records.js';
import { now } from '../clock.js';
import type { Medium } from '../codec/shareable.js';
import { LARGE, toSmall } from '../codec/small.js';
import type { Here } from '../here.js';
import { paceAfter } from '../host/call.js';
import { living } from '../host/host.js';
import { Registry } from '../liveness/registry.js';
import { packageNames } from '../packages.js';
import { code } from '../texts.js';
import { appoint, type Will } from '../will.js';
import { RunningCall, tellCurrentCall } from './current.js';
import { holdings } from './holdings.js';
import { constantOf, takeName, unload, unloadMessage } from './load.js';
import { HostNotary } from './notary.js';
import { isOfItems, isThenable, type Outcome, outcomeOf, runEach, type Target } from './outcome.js';
import { allWritten } from './output.js';
import { report } from './report.js';
import { headingOf, stackOf } from './stack.js';
import { Demand, iteratorOf, runStream } from './stream.js';

type CallMessage = Message & { type: 'call' };

/** The far side of a host: receives a call, revives the function, runs it, answers. */
export class Server {
	readonly #here: Here;
	readonly #channel: FarChannel;
	readonly #endpoint: Endpoint;
	/** Calls that came as messages, until it is their turn. */
	readonly #posted = new Map<number, CallMessage>();
	/** A call runs, or the next is about to. */
	#isBusy = false;
	/** When what calls have left to be done is to get its turn. */
	#turnEnds = 0;
	#ending = false;
	/** Of each constant function by its number, about how many microseconds a call of it took at most, lately. */
	readonly #paces: number[] = [];
	/** Of streams that are under way. */
	readonly #demands = new Map<number, Demand>();
	/** The call that runs: its id, -1 when none does; its name; and what it sees of itself, once it looks. */
	#id = -1;
	#name = '';
	#running: RunningCall | null = null;
	#compiled: (() => Uint8Array) | null = null;
	#fn: Target | null = null;
	readonly #holdings = holdings();
	readonly #wills: ReadonlySet<Will>;
	/** It has sent messages, which its answer must not overtake. */
	#hasTold = false;

	constructor(medium: Medium, here: Here, open: (receiver: FarReceiver) => FarChannel) {
		this.#here = here;
		this.#channel = open({
			receive: (message) => this.#receive(message),
			arrived: () => {
				if (!this.#isBusy) this.#takeTurn();
			},
			dropped: (id) => this.#drop(id),
			// Without its parent a process has nothing left to do. Of code that closed the channel the parent makes an end.
			closed: (error) => {
				const isCutOff = (error as NodeJS.ErrnoException | undefined)?.code === 'EBADF';
				if (medium === 'process' && !isCutOff) process.exit(this.#ending ? process.exitCode : 1);
			},
		});
		this.#endpoint = new Endpoint(medium, this.#channel, packageNames());
		this.#wills = appoint(new HostNotary(this.#endpoint, this.#channel));
	}

	/** @param compiled what the engine has made of the text of the far side; null when the other end has no need of it */
	start(compiled: (() => Uint8Array) | null): void {
		this.#compiled = compiled;
		if (compiled !== null) setTimeout(() => this.#tellCode(), CODE_MS).unref();
		process.on('uncaughtExceptionMonitor', (error) => this.#reportUncaught(error));
		if (this.#here.runs === 'many')
			process.on('unhandledRejection', (reason) => this.#reportFloating(reason));
		process.on('exit', () => this.#channel.flush());
		// One that runs a single function is a thread or process by itself, not a worker.
		if (this.#here.runs === 'many') {
			tellCurrentCall(() => this.#current());
			this.#holdings.watch();
		}
		this.#channel.post({ type: 'ready' });
	}

	#receive(message: Message): void {
		if (this.#endpoint.learn(message)) return;
		if (message.type === 'call') {
			this.#posted.set(message.id, message);
			if (message.mode === 'stream') this.#demands.set(message.id, new Demand(0));
			this.#endpoint.expect(message.payload, message.id);
			if (message.packed !== null) this.#endpoint.expect(message.packed, besideCall(message.id));
		} else if (message.type === 'end') this.#ending = true;
		else if (message.type === 'pull') this.#demands.get(message.id)?.add(message.items);
		else if (message.type === 'finish') this.#demands.get(message.id)?.finish();
		else if (message.type === 'recall') this.#giveBack();
		else if (message.type === 'cancel') void this.#cancel(message.id, message.reason);
	}

	/** Whoever takes turns of the event loop may keep others waiting for long. */
	#giveBack(): void {
		const ids = this.#channel.giveBack();
		for (const id of ids) if (this.#posted.has(id)) this.#drop(id);
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
		if (id === this.#id) this.#running?.abort(reason);
		this.#demands.get(id)?.finish(); // a generator that waits for its consumer looks at no signal
	}

	#drop(id: number): void {
		if (!this.#posted.has(id)) this.#channel.drain();
		const message = this.#posted.get(id);
		this.#posted.delete(id);
		this.#demands.delete(id);
		if (message !== undefined) this.#forget(message);
	}

	#forget({ id, packed }: CallMessage): void {
		this.#endpoint.ended(id);
		if (packed !== null) this.#endpoint.ended(besideCall(id));
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

	#current(): RunningCall | null {
		const id = this.#id;
		if (id === -1) return null;
		this.#running ??= new RunningCall(this.#name, {
			listens: () => {
				if (id === this.#id) this.#tell({ type: 'listens', id });
			},
			look: () => {
				if (id === this.#id) this.#channel.drain();
			},
			progress: (value) => {
				if (id !== this.#id) return;
				const subject = `the progress of \`${this.#name || '(anonymous)'}\``;
				const payload = this.#endpoint.encode(value, { subject, root: 'value' });
				this.#tell({ type: 'progress', id, payload: this.#endpoint.prepare(payload, null) });
			},
		});
		return this.#running;
	}

	/** At once: the call that says so may go on without a pause. */
	#tell(message: Message): void {
		this.#hasTold = true;
		this.#channel.post(message);
		this.#channel.send();
	}

	/** A call begins to run. */
	#started(id: number, fn: Target, name = fn.name): void {
		this.#id = id;
		this.#fn = fn;
		this.#name = name;
		this.#running = null;
		this.#holdings.begin();
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
			this.#started(call.id, fn as Target, takeName(call));
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
			this.#started(id, fn, takeName(call));
			const run = async () => fn(...(values ?? []));
			await this.#settle(id, unpackBaggage(baggage, run), began, subjectOf(fn));
		} catch (error) {
			this.#answer(id, 'apply', false, error, since(began), 'the function');
		}
	}

	/** A call that came as a message. */
	async #runPosted(id: number): Promise<void> {
		if (!this.#posted.has(id)) this.#channel.drain(); // it left before, but by another way
		const message = this.#posted.get(id) as CallMessage;
		this.#posted.delete(id);
		const began = now();
		const { mode } = message;
		let subject = 'the function';
		try {
			const { fn, args, baggage } = await this.#open(message);
			subject = subjectOf(fn);
			this.#started(id, fn, message.name);
			const run = () => {
				if (mode === 'stream') return this.#stream(id, fn, args, subject);
				return mode === 'apply' ? outcomeOf(fn, args) : runEach(fn, args, mode);
			};
			const { ok, value } = await unpackBaggage(baggage, run);
			this.#answer(id, mode, ok, value, since(began), subject);
		} catch (error) {
			// It did not come to run: a module is missing, or what came cannot be taken apart.
			const content = isOfItems(mode) ? { done: [], error } : error;
			this.#answer(id, mode, false, content, since(began), subject);
		}
		this.#forget(message);
	}

	async #open(message: CallMessage): Promise<{ fn: Target; args: unknown[]; baggage: Baggage }> {
		const opened = this.#endpoint.openFor(message.payload, message.id);
		const content = opened instanceof Promise ? await opened : opened;
		const unloading = unloadMessage(message, this.#endpoint);
		const baggage = unloading instanceof Promise ? await unloading : unloading;
		if (message.constant === null) return { ...(content as { fn: Target; args: unknown[] }), baggage };
		const known = this.#endpoint.constant(message.constant);
		const fn = known instanceof Promise ? await known : known;
		return { fn: fn as Target, args: content as unknown[], baggage };
	}

	/** The first items are wanted as soon as it runs; how many, a message says that came after the call. */
	async #stream(id: number, fn: Target, args: unknown[], subject: string): Promise<Outcome> {
		const demand = this.#demands.get(id) as Demand;
		const options = { subject: `an item of ${subject}`, root: 'item' };
		const send = (item: unknown) => {
			const payload = this.#endpoint.prepare(this.#endpoint.encode(item, options), null);
			this.#tell({ type: 'item', id, payload });
		};
		const turn = async () => {
			await new Promise((resolve) => setImmediate(resolve));
			this.#channel.drain(); // what has come since the event loop looked
		};
		try {
			return { ok: true, value: await runStream(iteratorOf(await fn(...args)), demand, send, turn) };
		} catch (error) {
			return { ok: false, value: error };
		} finally {
			this.#demands.delete(id);
		}
	}

	#answer(
		id: number,
		mode: CallMode,
		ok: boolean,
		value: unknown,
		microseconds: number,
		subject: string,
	): void {
		if (this.#id !== -1) this.#holdings.end(() => this.#taskName());
		this.#id = -1;
		this.#fn = null;
		this.#running = null;
		if (this.#wills.size > 0) for (const will of this.#wills) will.renew();
		const canOvertake = !this.#hasTold;
		this.#hasTold = false;
		if (!ok && this.#here.runs === 'one') this.#reportFailure(value);
		const small = ok && canOvertake ? toSmall(value) : LARGE;
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

	/** For messages. */
	#taskName(): string {
		const fn = this.#fn;
		return fn === null || this.#name !== fn.name ? `\`${this.#name}\`` : placeOf(fn);
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

	#reportFailure(error: unknown): void {
		if (this.#here.kind === 'thread') return this.#report(error);
		process.exitCode = 1;
		process.stderr.write(`${headingOf(this.#here)}\n${stackOf(error)}\n`);
	}

	#report(error: unknown): void {
		const { name, daemon } = this.#here;
		report({ error, thread: Registry.ours().self(), label: { name, daemon } });
	}

	#reportFloating(reason: unknown): void {
		process.stderr.write(`Unhandled rejection in ${this.#here.name}:\n${stackOf(reason)}\n`);
	}

	#reportUncaught(error: unknown): void {
		if (process.listenerCount('uncaughtException') > 0) return; // the user's own code handles it
		const { kind, runs } = this.#here;
		// Node prints the stack in a process, and nothing in a thread.
		if (runs === 'one' && kind === 'process') process.stderr.write(`${headingOf(this.#here)}\n`);
		else if (runs === 'one') this.#report(error);
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
