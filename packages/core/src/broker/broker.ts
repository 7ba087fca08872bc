import type { Socket } from 'node:net';
import { addPackageTexts, loadPackage, type PackageExport } from '../packages.js';
import { BrokerClient, type Rules } from './client.js';
import { shakeHands } from './handshake.js';
import { type Operations, operationsOf } from './operations.js';

/** What a thread says to its broker. */
export type Order =
	/** Something may be asked for from now on. */
	| {
			readonly type: 'adopt';
			readonly id: number;
			readonly Class: PackageExport;
			readonly handle: unknown;
			/** Packages that were imported since the broker was started. */
			readonly texts: Record<string, string>;
	  }
	/** Nobody here has it any more. */
	| { readonly type: 'forget'; readonly id: number }
	/** It is to say when it has seen who is gone by now. */
	| { readonly type: 'catch up' };

/** Something that others use: what a class revives for each of them, or one object for all. */
export interface Adopted {
	readonly what: { readonly Class: object; readonly handle: unknown } | { readonly object: object };
	readonly operations: Operations;
	/** How many clients have it. */
	users: number;
	/** Somebody here has it, too. */
	isOwned: boolean;
}

/** For so long something is kept that nobody has: it may be on its way to somebody. */
const ON_ITS_WAY_MS = 60_000;
/** So many may be proving their key at once. */
const MOST_COMING = 1_000;

/** The door of a process for others: does for them what they ask of what lives in its memory. */
export class Broker {
	readonly #rules: Rules;
	readonly #moreOrders: () => Order | undefined;
	readonly #caughtUp: () => void;
	readonly #adopted = new Map<number, Adopted>();
	readonly #clients = new Map<string, BrokerClient>();
	readonly #sockets = new Set<Socket>();
	#coming = 0;

	/**
	 * @param moreOrders gives what was ordered and has not come through the event loop yet
	 * @param caughtUp says that it has
	 */
	constructor(rules: Rules, moreOrders: () => Order | undefined = () => undefined, caughtUp = () => {}) {
		this.#rules = rules;
		this.#moreOrders = moreOrders;
		this.#caughtUp = caughtUp;
	}

	/** What has this number; undefined when nothing has. */
	find(id: number): Adopted | undefined {
		for (;;) {
			const found = this.#adopted.get(id);
			if (found !== undefined) return found;
			const order = this.#moreOrders();
			if (order === undefined) return undefined;
			this.obey(order);
		}
	}

	/** A client has let go of it. */
	release(id: number): void {
		const found = this.#adopted.get(id);
		if (found === undefined) return;
		found.users--;
		this.#forgetLater(id);
	}

	obey(order: Order): void {
		if (order.type === 'forget') return this.disown(order.id);
		// Once all sockets have been looked at from now on.
		if (order.type === 'catch up') return void setImmediate(() => setImmediate(this.#caughtUp));
		addPackageTexts(order.texts);
		const Class = loadPackage(order.Class.package)[order.Class.name] as object;
		if (this.#adopted.has(order.id)) return;
		const what = { Class, handle: order.handle };
		const { keepsUnused } = this.#rules;
		this.#adopted.set(order.id, { what, operations: operationsOf(Class), users: 0, isOwned: keepsUnused });
		this.#forgetLater(order.id);
	}

	/** One object for all who ask. */
	adopt(id: number, object: object): void {
		const operations = operationsOf(object.constructor);
		const users = this.#adopted.get(id)?.users ?? 0;
		this.#adopted.set(id, { what: { object }, operations, users, isOwned: true });
	}

	/** Nobody here has it any more. */
	disown(id: number): void {
		const found = this.#adopted.get(id);
		if (found === undefined) return;
		found.isOwned = false;
		this.#forgetLater(id);
	}

	/** Somebody has connected. */
	async receive(socket: Socket): Promise<void> {
		socket.on('error', () => {}); // what a client does is no affair of the others
		const { authkey } = this.#rules;
		if (this.#coming >= MOST_COMING) return void socket.destroy();
		this.#sockets.add(socket);
		socket.once('close', () => this.#sockets.delete(socket));
		this.#coming++;
		try {
			if (authkey !== null) await shakeHands(socket, 'broker', authkey);
		} catch {
			return; // it was told, and the next may have the key
		} finally {
			this.#coming--;
		}
		BrokerClient.greet(socket, this, this.#clients, this.#rules);
	}

	/** Whoever uses something loses it. */
	close(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#forgetLater(id: number): void {
		const isUnused = () => {
			const found = this.#adopted.get(id);
			return found !== undefined && found.users === 0 && !found.isOwned;
		};
		if (!isUnused()) return;
		setTimeout(() => {
			if (isUnused()) this.#adopted.delete(id);
		}, ON_ITS_WAY_MS).unref();
	}
}
