import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { addPackageTexts, loadPackage, type PackageExport } from '../packages.js';
import { realm } from '../realm.js';
import { BrokerClient } from './client.js';
import type { Operations } from './operations.js';
import { operationsOf } from './operations.js';
import { removeDeadRooms } from './room.js';

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
	| { readonly type: 'forget'; readonly id: number };

/** For so long something is kept that nobody has: it may be on its way to somebody. */
const ON_ITS_WAY_MS = 60_000;

/** Something that other processes use. */
export interface Adopted {
	readonly Class: object;
	readonly handle: unknown;
	readonly operations: Operations;
	/** How many clients have it. */
	users: number;
	/** The thread that has made it known still has it. */
	isOwned: boolean;
}

/** The door of a process for others: does for them what they ask of what lives in its memory. */
export class Broker {
	readonly #orders: MessagePort;
	readonly #adopted = new Map<number, Adopted>();
	readonly #clients = new Map<string, BrokerClient>();

	constructor(orders: MessagePort) {
		this.#orders = orders;
		orders.on('message', (order: Order) => this.#obey(order));
	}

	/** What has this number; undefined when nothing has. */
	find(id: number): Adopted | undefined {
		const found = this.#adopted.get(id);
		if (found !== undefined) return found;
		// It was made known before anybody could ask, but by another way.
		for (;;) {
			const next = receiveMessageOnPort(this.#orders);
			if (next === undefined) return this.#adopted.get(id);
			this.#obey(next.message as Order);
		}
	}

	/** A client has let go of it. */
	release(id: number): void {
		const found = this.#adopted.get(id);
		if (found === undefined) return;
		found.users--;
		this.#forgetLater(id);
	}

	listen(path: string): void {
		const server = createServer((socket) => this.#receive(socket));
		server.on('error', () => rmSync(path, { force: true })); // who comes is told that nobody is there
		server.listen({ path, backlog: 1_024 });
	}

	#receive(socket: Socket): void {
		BrokerClient.greet(socket, this, this.#clients);
	}

	#obey(order: Order): void {
		if (order.type === 'forget') {
			const found = this.#adopted.get(order.id);
			if (found === undefined) return;
			found.isOwned = false;
			this.#forgetLater(order.id);
			return;
		}
		addPackageTexts(order.texts);
		const Class = loadPackage(order.Class.package)[order.Class.name] as object;
		const operations = operationsOf(Class);
		this.#adopted.set(order.id, { Class, handle: order.handle, operations, users: 0, isOwned: true });
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

/** Runs in a thread of its own, so that it serves while the others of its process compute or block. */
export function openBroker(path: string, orders: MessagePort): void {
	const broker = realm('broker', () => new Broker(orders));
	broker.listen(path);
	setImmediate(removeDeadRooms, path);
}
