import { rmSync } from 'node:fs';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { net } from '../lazy.js';
import { realm } from '../realm.js';
import { Broker, type Order } from './broker.js';
import { removeDeadRooms } from './room.js';

/** So many may be connecting at once. */
const BACKLOG = 1_024;

/** The broker of a thread, in a thread of its own, so that it serves while the others compute or block. */
export function openBroker(path: string, orders: MessagePort): void {
	const broker = realm('broker', () => {
		const rules = { authkey: null, isTrusted: true, keepsUnused: true };
		return new Broker(
			rules,
			() => receiveMessageOnPort(orders)?.message as Order | undefined,
			() => orders.postMessage(null),
		);
	});
	orders.on('message', (order: Order) => broker.obey(order));
	const server = net().createServer((socket) => void broker.receive(socket));
	server.on('error', () => rmSync(path, { force: true })); // who comes is told that nobody is there
	server.listen({ path, backlog: BACKLOG });
	setImmediate(removeDeadRooms, path);
}
