import { type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads';
import { Batch, type Channel, type Receiver } from './channel.js';
import type { Message } from './protocol.js';

/** The channel between two threads: a batch is one message on a port of its own. */
export function threadChannel(port: MessagePort, receiver: Receiver): Channel {
	const batch = new Batch((messages) => port.postMessage(messages));
	const drain = () => {
		let moved = false;
		for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
			receive(next.message);
			moved = true;
		}
		return moved;
	};
	const receive = (messages: Message[]) => {
		for (const message of messages) receiver.receive(message);
	};
	port.on('message', receive);
	port.on('close', () => receiver.closed());
	return {
		post(message) {
			const items = moved(message);
			if (items.length === 0) return batch.add(message);
			// By itself and at once: what cannot be moved is refused at the call, and takes no other with it.
			batch.flush();
			port.postMessage([message], items);
		},
		flush: () => batch.flush(),
		send() {
			batch.flush();
			return false; // a posted message is there at once
		},
		drain,
		ref: () => port.ref(),
		unref: () => port.unref(),
		close: () => port.close(),
	};
}

function moved(message: Message): Transferable[] {
	return 'payload' in message && typeof message.payload === 'object' ? message.payload.moved : [];
}
