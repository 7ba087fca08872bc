import type { Socket } from 'node:net';
import { revive, type ShareableClass } from '../codec/shareable.js';
import { Registry, type ThreadId } from '../liveness/registry.js';
import type { Adopted, Broker } from './broker.js';
import { ClientLane } from './client-lane.js';
import {
	ASK,
	CANCEL,
	DONE,
	DROP,
	GIVEN,
	HELLO,
	HOLD,
	LANES,
	type Lane,
	type Message,
	messageFrames,
	REFUSED,
	TOOK,
} from './message.js';
import { admit, type Operations, operationsOf } from './operations.js';

/** The longest message a client may send. */
const MOST_BYTES = 2 ** 30;

interface Instance {
	readonly object: object;
	readonly operations: Operations;
}

/** A member as it is used by name, which was looked up in the operations. */
type Member = (...args: unknown[]) => unknown;

/** Who may come, and what is taken from them. */
export interface Rules {
	/** The secret they must have; null where nobody else can come. */
	readonly authkey: Uint8Array | null;
	/** They are this user's own processes, and what they send may be code. */
	readonly isTrusted: boolean;
	/** What is made known stays so until that is taken back; else as long as one of them has it. */
	readonly keepsUnused: boolean;
}

/** A thread of another process, as long as it lives. */
export class BrokerClient {
	readonly #broker: Broker;
	readonly #isTrusted: boolean;
	/** It is a thread like those of this process: what it holds when it ends is abandoned. */
	readonly #record: ThreadId;
	readonly #lanes = new Set<ClientLane>();
	readonly #instances = new Map<number, Instance>();
	/** What it waits for. */
	readonly #waits = new Map<number, Wait>();
	/** What it was given and has not said that it has: each puts it back. */
	readonly #given = new Map<number, Given>();
	/** How many messages have come on the lane of its event loop. */
	#heard = 0;
	/** What it asks and blocks on, that has overtaken what it said before, in its order. */
	readonly #early: Early[] = [];
	#isGone = false;

	/** @param name how messages call it */
	constructor(broker: Broker, { isTrusted }: Rules, name: string) {
		this.#broker = broker;
		this.#isTrusted = isTrusted;
		this.#record = Registry.ours().enlist(name);
	}

	/** Whoever connects says first who it is. */
	static greet(socket: Socket, broker: Broker, clients: Map<string, BrokerClient>, rules: Rules): void {
		let client: BrokerClient | undefined;
		let lane: ClientLane | undefined;
		const frames = messageFrames((message) => {
			if (client !== undefined) return client.#hear(message, lane as ClientLane);
			const [type, id, way, name] = message;
			if (type !== HELLO || typeof id !== 'string' || !LANES.includes(way as Lane))
				throw new TypeError('a stranger');
			const own = clients.get(id) ?? new BrokerClient(broker, rules, printable(name));
			client = own;
			clients.set(id, own);
			const came = new ClientLane(socket, way as Lane, take);
			lane = came;
			own.#lanes.add(came);
			const gone = () => {
				if (!own.#leaves(came)) return;
				clients.delete(id);
				own.end();
			};
			socket.on('end', gone).on('close', gone);
			lane.say([DONE, 0, null]);
		}, MOST_BYTES);
		const take = (chunk: Buffer) => {
			try {
				frames.push(chunk);
			} catch {
				socket.destroy(); // it does not speak as we do
			}
		};
		socket.on('data', (chunk) => {
			lane?.rouse();
			take(chunk);
		});
	}

	/** Whether its thread has ended with this lane. Another takes the place of the urgent one, if there is time for that. */
	#leaves(lane: ClientLane): boolean {
		lane.close();
		this.#lanes.delete(lane);
		return !lane.isUrgent || this.#lanes.size === 0;
	}

	/** Its thread has ended: what it held is abandoned, and its waits end without a trace, as those of any thread. */
	end(): void {
		if (this.#isGone) return;
		this.#isGone = true;
		for (const lane of this.#lanes) lane.close();
		// The last that was taken goes back first, so that they are in order again.
		const given = [...this.#given.values()].reverse();
		for (const { isHeld, back } of given) if (isHeld) back();
		Registry.ours().markDead(this.#record);
		for (const { isHeld, back } of given) if (!isHeld) back();
		this.#given.clear();
		for (const id of this.#instances.keys()) this.#broker.release(id);
		this.#instances.clear();
	}

	/** In the order in which it was said, though there are two lanes. */
	#hear(message: Message, lane: ClientLane): void {
		if (lane.isBlocking) {
			const after = message[0] === ASK ? message[7] : 0;
			if (typeof after !== 'number' || after <= this.#heard) return this.#obey(message, lane);
			this.#early.push({ message, lane, after });
			return lane.began();
		}
		this.#obey(message, lane);
		this.#heard++;
		for (
			let early = this.#early[0];
			early !== undefined && early.after <= this.#heard;
			early = this.#early[0]
		) {
			this.#early.shift();
			early.lane.ended();
			this.#obey(early.message, early.lane);
		}
	}

	#obey(message: Message, lane: ClientLane): void {
		switch (message[0]) {
			case ASK:
				return this.#ask(message, lane);
			case CANCEL:
				this.#waits.get(message[1] as number)?.controller.abort();
				return;
			case TOOK:
				this.#given.delete(message[1] as number);
				return;
			case REFUSED:
				this.#given.get(message[1] as number)?.back();
				this.#given.delete(message[1] as number);
				return;
			case HOLD:
				// Who asks for what is not there any more is told; who only holds it need not know.
				if (this.#broker.find(message[1] as number) !== undefined) this.#instance(message[1] as number);
				return;
			case DROP:
				if (this.#instances.delete(message[1] as number)) this.#broker.release(message[1] as number);
				return;
			default:
				throw new TypeError('an unknown message');
		}
	}

	#ask(message: Message, lane: ClientLane): void {
		if (!isQuestion(message)) throw new TypeError('a question that is none');
		const [, id, target, part, member, args, timeout] = message;
		const asked: Asked = {
			id,
			what: args.length === 0 ? `${target} ${part} ${member}` : null,
			member,
			timeout: timeout ?? undefined,
			lane,
		};
		let instance: Instance;
		let answer: unknown;
		try {
			instance = this.#part(this.#instance(target), part);
			answer = this.#do(instance, args, asked);
		} catch (error) {
			return lane.fail(asked.id, error);
		}
		if (!(answer instanceof Promise)) return this.#answer(instance, asked, answer, false);
		lane.began();
		answer.then(
			(value) => {
				this.#letBlockedGoFirst(asked);
				this.#ended(asked);
				this.#answer(instance, asked, value, true);
			},
			(error) => {
				this.#ended(asked);
				lane.fail(asked.id, error);
			},
		);
	}

	/**
	 * A thread that blocks goes before those of its tasks that wait for the same: they could not come meanwhile. The task
	 * has its place in line then, where neither has a time limit to keep.
	 */
	#letBlockedGoFirst(asked: Asked): void {
		if (asked.lane.isBlocking || asked.what === null || asked.timeout !== undefined) return;
		for (const { asked: other, controller } of this.#waits.values()) {
			if (!other.lane.isBlocking || other.what !== asked.what || other.timeout !== undefined) continue;
			const { id, lane } = asked;
			Object.assign(asked, { id: other.id, lane: other.lane });
			Object.assign(other, { id, lane });
			this.#waits.set(id, { asked: other, controller });
			return;
		}
	}

	#ended({ id, lane }: Asked): void {
		this.#waits.delete(id);
		lane.ended();
	}

	#answer(instance: Instance, { id, member, lane }: Asked, value: unknown, hasWaited: boolean): void {
		const object = instance.object as Record<string, Member>;
		const { restores, undoes } = instance.operations;
		const restore = value === null ? undefined : restores?.[member];
		// Who did not have to wait for it has died just now if it does not hear of it: as if it had begun.
		const undo = hasWaited && value === true ? undoes?.[member] : undefined;
		if (restore === undefined && undo === undefined) return lane.answer([DONE, id, value]);
		const back = quietly(() => (restore === undefined ? object[undo ?? '']?.() : object[restore]?.(value)));
		if (this.#isGone) return void (restore !== undefined && back());
		this.#given.set(id, { back, isHeld: restore === undefined });
		lane.answer([GIVEN, id, value]);
	}

	#do({ object, operations }: Instance, args: unknown[], asked: Asked): unknown {
		const { id, member, timeout, lane } = asked;
		const { waits = [], calls = [], states = [], settings = [], attempts, checks } = operations;
		if (!this.#isTrusted) checks?.[member]?.(args);
		const target = object as Record<string, unknown>;
		if (calls.includes(member)) return (target[member] as Member)(...args);
		if (waits.includes(member)) {
			const admits = (object as { [admit]?: (timeout: number) => boolean })[admit];
			if (lane.isBlocking && admits?.call(object, timeout ?? Number.POSITIVE_INFINITY) === true) return true;
			// Mostly there is nothing to wait for, and what a wait takes costs more than all the rest.
			const attempt = attempts?.[member];
			const done = attempt === undefined ? null : (target[attempt] as Member)(...args);
			if (done !== null && done !== false) return done;
			const controller = new AbortController();
			this.#waits.set(id, { asked, controller });
			return (target[member] as Member)(...args, { timeout, signal: controller.signal });
		}
		if (args.length === 1 && settings.includes(member)) {
			target[member] = args[0];
			return undefined;
		}
		if (states.includes(member) || settings.includes(member)) return target[member];
		throw new TypeError(`${member} is not among what other processes may use`);
	}

	#instance(id: number): Instance {
		const known = this.#instances.get(id);
		if (known !== undefined) return known;
		const adopted = this.#broker.find(id);
		if (adopted === undefined) throw new ReferenceError('it is not there any more');
		const instance = { object: this.#revived(adopted), operations: adopted.operations };
		adopted.users++;
		this.#instances.set(id, instance);
		return instance;
	}

	#revived({ what }: Adopted): object {
		if ('object' in what) return what.object;
		const { Class, handle } = what;
		return Registry.ours().actAs(this.#record, () => (Class as ShareableClass<unknown>)[revive](handle));
	}

	#part(instance: Instance, part: string): Instance {
		if (part === '') return instance;
		const found = instance.operations.parts?.[part];
		if (found === undefined) throw new TypeError(`it has no ${part}`);
		const object = Registry.ours().actAs(this.#record, () => Reflect.get(instance.object, part) as object);
		return { object, operations: operationsOf(found.Class()) };
	}
}

/** What a client says it is called may say anything. */
function printable(name: unknown): string {
	return typeof name === 'string' ? name.replaceAll(/\p{C}/gu, '?') : 'another process';
}

/** What has come before its time. */
interface Early {
	readonly message: Message;
	readonly lane: ClientLane;
	/** How many messages of the other lane come before it. */
	readonly after: number;
}

/** The same where nobody is to be told what it throws, as for one that has let go of it before it said that it had it. */
function quietly(act: () => unknown): () => void {
	return () => {
		try {
			act();
		} catch {}
	};
}

/** What was given to it, until it says that it has it. */
interface Given {
	/** It has a hold of something: what it lets go of before it is known to have ended, it has not abandoned. */
	readonly isHeld: boolean;
	/** Throws nothing. */
	back(): void;
}

type Question = readonly [
	type: typeof ASK,
	id: number,
	target: number,
	part: string,
	member: string,
	args: unknown[],
	timeout: number | null,
];

function isQuestion(message: Message): message is Question {
	const [, id, target, part, member, args, timeout] = message;
	return (
		Number.isSafeInteger(id) &&
		Number.isSafeInteger(target) &&
		typeof part === 'string' &&
		typeof member === 'string' &&
		Array.isArray(args) &&
		(timeout === null || typeof timeout === 'number')
	);
}

/** A call that was asked for. */
interface Asked {
	id: number;
	lane: ClientLane;
	/** The same for calls that may have each other's answer; null when it may not. */
	readonly what: string | null;
	readonly member: string;
	readonly timeout: number | undefined;
}

interface Wait {
	readonly asked: Asked;
	readonly controller: AbortController;
}
