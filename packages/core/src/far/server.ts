import { inspect } from 'node:util';
import { type Baggage, unpackBaggage } from '../baggage.js';
import type { FarChannel, FarReceiver } from '../channel/channel.js';
import { Endpoint } from '../channel/endpoint.js';
import type { CallMode, Message, PartialResult } from '../channel/protocol.js';
import type { Rec } from '../channel/records.js';
import type { Medium } from '../codec/shareable.js';
import { isSmall } from '../codec/small.js';
import type { Here } from '../here.js';
import { living } from '../host/host.js';
import { packageTexts } from '../packages.js';
import { mapStack } from '../revive/source-map.js';

type Target = (...args: unknown[]) => unknown;
type CallMessage = Message & { type: 'call' };

/** The far side of a host: receives a call, revives the function, runs it, answers. */
export class Server {
	readonly #here: Here;
	readonly #medium: Medium;
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

	constructor(medium: Medium, here: Here, open: (receiver: FarReceiver) => FarChannel) {
		this.#here = here;
		this.#medium = medium;
		this.#channel = open({
			receive: (message) => this.#receive(message),
			arrived: () => {
				if (!this.#isBusy) this.#takeTurn();
			},
			dropped: (id) => this.#drop(id),
			// Without its parent a process has nothing left to do.
			closed: () => this.#medium === 'process' && process.exit(this.#ending ? process.exitCode : 1),
		});
		this.#endpoint = new Endpoint(medium, this.#channel, Object.keys(packageTexts()));
	}

	start(): void {
		process.on('uncaughtExceptionMonitor', (error) => this.#reportUncaught(error));
		if (this.#here.runs === 'many')
			process.on('unhandledRejection', (reason) => this.#reportFloating(reason));
		process.on('exit', () => this.#channel.flush());
		this.#channel.post({ type: 'ready' });
	}

	#receive(message: Message): void {
		if (this.#endpoint.learn(message)) return;
		if (message.type === 'call') {
			this.#posted.set(message.id, message);
			this.#endpoint.expectCall(message);
		} else if (message.type === 'end') this.#ending = true;
	}

	#drop(id: number): void {
		if (!this.#posted.has(id)) this.#channel.drain();
		this.#posted.delete(id);
		this.#endpoint.ended(id);
	}

	/** The event loop has come round. */
	#takeTurn(): void {
		this.#turnEnds = performance.now() + TURN_MS;
		this.#isBusy = true;
		this.#next();
	}

	/** Begins the calls that are there, one after the other, until one takes turns of the event loop. */
	#next(): void {
		for (;;) {
			if (performance.now() > this.#turnEnds) {
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
		const isShort = call.values !== null && (this.#paces[call.about] ?? SHORT_US) < SHORT_US;
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
		const began = performance.now();
		let value: unknown;
		let ok = true;
		let subject = 'the function';
		try {
			const fn = this.#endpoint.constant(call.about);
			if (fn instanceof Promise) {
				void this.#runLater(call, fn as Promise<Target>).then(() => this.#ended());
				return false;
			}
			subject = subjectOf(fn as Target);
			value = (fn as Target)(...call.values);
			if (isThenable(value)) {
				void this.#settle(call.id, value as PromiseLike<unknown>, began, subject).then((microseconds) => {
					this.#notePace(call.about, microseconds);
					this.#ended();
				});
				return false;
			}
		} catch (error) {
			ok = false;
			value = error;
		}
		const microseconds = since(began);
		this.#notePace(call.about, microseconds);
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
		this.#paces[constant] = Math.max(microseconds, (this.#paces[constant] ?? 0) * PACE_DECAY);
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

	/** Its function has to import modules first. */
	async #runLater({ id, values }: Rec, loading: Promise<Target>): Promise<void> {
		const began = performance.now();
		try {
			const fn = await loading;
			await this.#settle(id, (async () => fn(...(values ?? [])))(), began, subjectOf(fn));
		} catch (error) {
			this.#answer(id, 'apply', false, error, since(began), 'the function');
		}
	}

	/** A call that came as a message. */
	async #runPosted(id: number): Promise<void> {
		if (!this.#posted.has(id)) this.#channel.drain(); // it left before, but by another way
		const message = this.#posted.get(id);
		if (message === undefined) throw new Error(`a call (${id}) did not arrive`);
		this.#posted.delete(id);
		const began = performance.now();
		const { mode } = message;
		let subject = 'the function';
		try {
			const { fn, args, baggage } = await this.#open(message);
			subject = subjectOf(fn);
			const run = () => (mode === 'apply' ? outcomeOf(fn, args) : runEach(fn, args, mode));
			const { ok, value } = await (baggage.length > 0 ? unpackBaggage(baggage, run) : run());
			this.#answer(id, mode, ok, value, since(began), subject);
		} catch (error) {
			// It did not come to run: a module is missing, or what came cannot be taken apart.
			this.#answer(id, mode, false, mode === 'apply' ? error : { done: [], error }, since(began), subject);
		}
		this.#endpoint.ended(id);
	}

	async #open(message: CallMessage): Promise<{ fn: Target; args: unknown[]; baggage: Baggage }> {
		const opened = this.#endpoint.openCall(message);
		const content = opened instanceof Promise ? await opened : opened;
		if (message.constant === null) {
			const { fn, rest } = content as { fn: Target; rest: unknown };
			return { fn, ...withBaggage(rest) };
		}
		const known = this.#endpoint.constant(message.constant);
		const fn = known instanceof Promise ? await known : known;
		return { fn: fn as Target, ...withBaggage(content) };
	}

	#answer(
		id: number,
		mode: CallMode,
		ok: boolean,
		value: unknown,
		microseconds: number,
		subject: string,
	): void {
		if (!ok && this.#here.runs === 'one') this.#reportFailure(value);
		if (ok && isSmall(value) && this.#channel.answer(id, microseconds, value)) return;
		const what = ok ? `the result of ${subject}` : `the error of ${subject}`;
		let payload: ReturnType<Endpoint['encode']>;
		try {
			payload = this.#endpoint.encode(value, { subject: what, root: ok ? 'result' : 'error', lenient: !ok });
		} catch (refusal) {
			ok = false;
			const content = mode === 'apply' ? refusal : { done: [], error: refusal };
			payload = this.#endpoint.encode(content, { subject: what, root: 'error', lenient: true });
		}
		const wire = this.#endpoint.prepare(payload, null);
		this.#channel.post({ type: 'result', id, ok, microseconds, payload: wire });
	}

	/** Ends this thread or process once what it started itself has ended. */
	async #end(): Promise<void> {
		this.#ending = true;
		this.#channel.flush(); // the answer need not wait for the children
		const children = [...living()].filter((host) => !host.isDaemon);
		await Promise.all(children.map((host) => host.exited));
		this.#channel.flush();
		// A slow reader gets everything: `process.exit` would drop what is still on its way.
		await Promise.all([written(process.stdout), written(process.stderr)]);
		process.exit();
	}

	/** Python's wording: `Process Process-1:` or `Exception in thread Thread-1:`, and the stack. */
	#reportFailure(error: unknown): void {
		const { kind, name } = this.#here;
		const heading = kind === 'thread' ? `Exception in thread ${name}:` : `Process ${name}:`;
		if (kind === 'process') process.exitCode = 1;
		process.stderr.write(`${heading}\n${stackOf(error)}\n`);
	}

	#reportFloating(reason: unknown): void {
		process.stderr.write(`Unhandled rejection in ${this.#here.name}:\n${stackOf(reason)}\n`);
	}

	#reportUncaught(error: unknown): void {
		if (process.listenerCount('uncaughtException') > 0) return; // the user's own code handles it
		const { kind, name, runs } = this.#here;
		// Node prints the stack in a process, and nothing in a thread.
		if (runs === 'one' && kind === 'process') process.stderr.write(`Process ${name}:\n`);
		else if (runs === 'one') process.stderr.write(`Exception in thread ${name}:\n${stackOf(error)}\n`);
		const options = { subject: 'an uncaught error', root: 'error', lenient: true };
		const payload = this.#endpoint.prepare(this.#endpoint.encode(error, options), null);
		this.#channel.post({ type: 'uncaught', error: payload });
		this.#channel.flush();
	}
}

/** So long at most calls follow one another without a turn of the event loop. */
const TURN_MS = 1;
/** A call that is expected to take less is short: the answers before it may be noticed after it. */
const SHORT_US = 50;
/** How fast a long call is forgotten, after which the same function is expected to be short again. */
const PACE_DECAY = 7 / 8;
/** How long to wait for a slow reader of a full pipe before trying again. */
const FULL_PIPE_MS = 1;

function since(began: number): number {
	return Math.min(Math.round((performance.now() - began) * 1_000), 0xffff_ffff);
}

function subjectOf(fn: Target): string {
	return `\`${fn.name || '(anonymous)'}\``;
}

/** What is answered: a result, or - of a map with what was done so far - an error. */
interface Outcome {
	readonly ok: boolean;
	readonly value: unknown;
}

async function outcomeOf(fn: Target, args: unknown[]): Promise<Outcome> {
	try {
		return { ok: true, value: await fn(...args) };
	} catch (error) {
		return { ok: false, value: error };
	}
}

/** Runs a function on each item, up to the first that fails. */
async function runEach(fn: Target, items: unknown[], mode: 'map' | 'starmap'): Promise<Outcome> {
	const done: unknown[] = [];
	try {
		for (const item of items) {
			const result = mode === 'map' ? fn(item) : fn(...(item as unknown[]));
			// Waiting costs a turn of the microtask queue, so only where there is something to wait for.
			done.push(isThenable(result) ? await result : result);
		}
		return { ok: true, value: done };
	} catch (error) {
		const value: PartialResult = { done, error };
		return { ok: false, value };
	}
}

function isThenable(value: unknown): boolean {
	const canHaveThen = typeof value === 'function' || (typeof value === 'object' && value !== null);
	return canHaveThen && typeof (value as PromiseLike<unknown>).then === 'function';
}

function withBaggage(content: unknown): { args: unknown[]; baggage: Baggage } {
	if (Array.isArray(content)) return { args: content, baggage: [] };
	return content as { args: unknown[]; baggage: Baggage };
}

/** Settles when everything given to a stream has left it, or cannot leave any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
	return new Promise((resolve) => {
		if (stream.writableLength === 0 || stream.destroyed) return resolve();
		stream.once('close', resolve);
		stream.write('', () => resolve());
	});
}

/** The stack as the user knows the files, without the frames of this code; of whatever was thrown. */
function stackOf(error: unknown): string {
	try {
		if (!(error instanceof Error)) return typeof error === 'object' ? inspect(error) : String(error);
		const { stack } = error;
		if (typeof stack !== 'string') return inspect(error);
		const lines = stack.split('\n').filter((line) => !ownFrame.test(line));
		return mapStack(lines.join('\n'));
	} catch {
		return 'something was thrown that cannot be shown';
	}
}

const ownFrame = /^\s+at .*(\[worker eval\]|conc:far|@conc\/\w+\/far\.cjs):\d+:\d+\)?$/;
