import { inspect } from 'node:util';
import { type Baggage, unpackBaggage } from '../baggage.js';
import type { Channel, Receiver } from '../channel/channel.js';
import { Endpoint } from '../channel/endpoint.js';
import type { Message, PartialResult } from '../channel/protocol.js';
import type { Medium } from '../codec/shareable.js';
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
	readonly #channel: Channel;
	readonly #endpoint: Endpoint;
	#running = 0;
	#ending = false;

	constructor(medium: Medium, here: Here, open: (receiver: Receiver) => Channel) {
		this.#here = here;
		this.#medium = medium;
		this.#channel = open({
			receive: (message) => this.#receive(message),
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
		if (message.type === 'call') void this.#run(message);
		else if (message.type === 'end') {
			this.#ending = true;
			if (this.#running === 0) void this.#end();
		}
	}

	async #run(message: CallMessage): Promise<void> {
		this.#running++;
		let subject = 'the function';
		try {
			const { fn, args, baggage } = await this.#open(message);
			subject = `\`${fn.name || '(anonymous)'}\``;
			const { mode } = message;
			const run = () => (mode === 'apply' ? runOnce(fn, args) : runEach(fn, args, mode));
			const { ok, value } = await (baggage.length > 0 ? unpackBaggage(baggage, run) : run());
			if (!ok && this.#here.runs === 'one') this.#reportFailure(value);
			this.#answer(message, ok, value, subject);
		} catch (error) {
			// It did not come to run: a module is missing, or what came cannot be taken apart.
			if (this.#here.runs === 'one') this.#reportFailure(error);
			this.#answer(message, false, message.mode === 'apply' ? error : { done: [], error }, subject);
		}
		this.#endpoint.ended(message.id);
		this.#running--;
		if (this.#here.runs === 'one' || (this.#ending && this.#running === 0)) await this.#end();
	}

	async #open({
		id,
		constant,
		payload,
	}: CallMessage): Promise<{ fn: Target; args: unknown[]; baggage: Baggage }> {
		const opened = this.#endpoint.openCall(payload, id);
		const content = opened instanceof Promise ? await opened : opened;
		if (constant === null) {
			const { fn, rest } = content as { fn: Target; rest: unknown };
			return { fn, ...withBaggage(rest) };
		}
		const known = this.#endpoint.constant(constant);
		const fn = known instanceof Promise ? await known : known;
		return { fn: fn as Target, ...withBaggage(content) };
	}

	#answer({ id, mode }: CallMessage, ok: boolean, value: unknown, subject: string): void {
		const what = ok ? `the result of ${subject}` : `the error of ${subject}`;
		let payload: ReturnType<Endpoint['encode']>;
		try {
			payload = this.#endpoint.encode(value, { subject: what, root: ok ? 'result' : 'error', lenient: !ok });
		} catch (refusal) {
			ok = false;
			const content = mode === 'apply' ? refusal : { done: [], error: refusal };
			payload = this.#endpoint.encode(content, { subject: what, root: 'error', lenient: true });
		}
		this.#channel.post({ type: 'result', id, ok, payload: this.#endpoint.prepare(payload, null) });
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

/** What is answered: a result, or - of a map with what was done so far - an error. */
interface Outcome {
	readonly ok: boolean;
	readonly value: unknown;
}

async function runOnce(fn: Target, args: unknown[]): Promise<Outcome> {
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
