import { share } from '../codec/shareable.js';
import { CannotCross } from '../errors.js';
import { realm } from '../realm.js';
import { readSignal, readTimeout, type SyncWaitOptions, type WaitOptions } from '../wait.js';
import type { FarHandle } from './handle.js';
import { exportedHere } from './home.js';
import { type Link, linkTo } from './link.js';
import { ASK, type Message } from './message.js';
import { type Operations, operations } from './operations.js';

/** What is done with something in another process, by the names of its members there. */
export class Remote {
	readonly handle: FarHandle;
	readonly #link: Link;
	readonly #part: string;

	constructor(handle: FarHandle, part = '') {
		this.handle = handle;
		this.#link = linkTo(handle.home);
		this.#part = part;
		this.#link.hold(handle.id);
		dropped().register(this, { link: this.#link, id: handle.id });
	}

	/** Its home is a process of this user, and what comes from there may be code. */
	get isTrusted(): boolean {
		return this.handle.home.authkey === null;
	}

	/** A property that is an object with operations of its own. */
	part(name: string): Remote {
		return new Remote({ ...this.handle, label: `${this.handle.label}.${name}` }, name);
	}

	/** Whoever asked waits no longer: a connection that was not made yet is given up. */
	giveUp(): void {
		this.#link.giveUp();
	}

	/** What crosses in its place. */
	share(): FarHandle {
		if (this.#part === '') return this.handle;
		throw new CannotCross(`is a part of ${this.handle.label}`, 'send the whole');
	}

	/**
	 * A wait there. Throws for bad options.
	 *
	 * @param read makes of the answer what is resolved with; what it throws, rejects
	 */
	wait(
		member: string,
		args: readonly unknown[],
		options: WaitOptions | undefined,
		read?: (answer: unknown) => unknown,
	): Promise<unknown> {
		const timeout = limitOf(options);
		return this.#link.ask(this.#question(member, args, timeout), readSignal(options), read);
	}

	/** The same, blocking this thread. */
	waitSync(
		member: string,
		args: readonly unknown[],
		options: SyncWaitOptions | undefined,
		accept?: (answer: unknown) => void,
	): unknown {
		return this.#askSync(member, args, limitOf(options), accept);
	}

	/** What is there at once. One blocking round trip. */
	call(member: string, ...args: readonly unknown[]): unknown {
		return this.#askSync(member, args, null);
	}

	/** The same for what is taken away there, unless `accept` throws. */
	accept(accept: (answer: unknown) => void, member: string): unknown {
		return this.#askSync(member, [], null, accept);
	}

	toString(): string {
		const { home, label } = this.handle;
		return `${label} (in ${home.name})`;
	}

	#askSync(
		member: string,
		args: readonly unknown[],
		timeout: number | null,
		accept?: (answer: unknown) => void,
	): unknown {
		return this.#link.askSync(this.#question(member, args, timeout), accept);
	}

	#question(member: string, args: readonly unknown[], timeout: number | null): Message {
		return [ASK, this.#link.nextId(), this.handle.id, this.#part, member, args, timeout];
	}
}

const dropped = () =>
	realm(
		'dropped',
		() => new FinalizationRegistry<{ link: Link; id: number }>(({ link, id }) => link.drop(id)),
	);

/** Where an object has what it is a form of. */
export const remote: unique symbol = Symbol.for('@conc/remote') as never;

type Far = { readonly [remote]: Remote };
type Members = Readonly<Record<string | symbol, PropertyDescriptor>>;

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Makes of a handle the object that stands for what lives elsewhere. */
export type FarForm<T> = (remote: Remote) => T;

/**
 * The form that instances of a class have in other processes: they are instances of it there, but each operation
 * is done where they live.
 *
 * @param more members which are more than one operation
 */
export function farForm<T extends object>(
	Class: abstract new (...args: never[]) => T,
	own: Operations,
	more: object = {},
): FarForm<T> {
	Object.defineProperty(Class, operations, { value: own });
	const prototype = Object.create(Class.prototype as object, {
		...membersOf(own),
		...Object.getOwnPropertyDescriptors(more),
	}) as object;
	return (at) =>
		Object.create(prototype, {
			[remote]: { value: at },
			label: { value: at.handle.label },
		}) as T;
}

/** What a handle stands for: the thing itself where it lives in this thread's process, else its far form. */
export function fromHandle<T, Handle extends object>(
	handle: FarHandle,
	form: FarForm<T>,
	near: (handle: Handle) => T,
): T {
	const local = exportedHere(handle);
	return local === undefined ? form(new Remote(handle)) : near(local as Handle);
}

function membersOf({ waits = [], calls = [], states = [], settings = [], parts = {} }: Operations): Members {
	const members: Record<string | symbol, PropertyDescriptor> = {
		[share]: {
			value(this: Far) {
				return this[remote].share();
			},
		},
		toString: {
			value(this: Far) {
				return this[remote].toString();
			},
		},
		[inspect]: {
			value(this: Far) {
				return this[remote].toString();
			},
		},
	};
	for (const name of waits) {
		members[name] = {
			value(this: Far, options?: WaitOptions) {
				return rejecting(() => this[remote].wait(name, [], options));
			},
		};
		members[`${name}Sync`] = {
			value(this: Far, options?: SyncWaitOptions) {
				return this[remote].waitSync(name, [], options);
			},
		};
	}
	for (const name of calls) {
		members[name] = {
			value(this: Far, ...args: unknown[]) {
				return this[remote].call(name, ...args);
			},
		};
	}
	for (const name of [...states, ...settings]) {
		members[name] = {
			get(this: Far) {
				return this[remote].call(name);
			},
		};
	}
	for (const name of settings) {
		(members[name] as PropertyDescriptor).set = function (this: Far, value: unknown) {
			this[remote].call(name, value);
		};
	}
	for (const [name, { form }] of Object.entries(parts)) {
		const made = new WeakMap<object, object>();
		members[name] = {
			get(this: Far) {
				const known = made.get(this) ?? form()(this[remote].part(name));
				made.set(this, known);
				return known;
			},
		};
	}
	return members;
}

/** What is thrown rejects, as in the near form. */
export function rejecting<T>(wait: () => Promise<T>): Promise<T> {
	try {
		return wait();
	} catch (error) {
		return Promise.reject(error);
	}
}

/** Null for none. */
function limitOf(options: SyncWaitOptions | undefined): number | null {
	const timeout = readTimeout(options);
	return timeout === Number.POSITIVE_INFINITY ? null : timeout;
}
