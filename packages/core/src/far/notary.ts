import type { FarChannel } from '../channel/channel.js';
import type { Endpoint } from '../channel/endpoint.js';
import type { Message } from '../channel/protocol.js';
import type { Payload } from '../codec/payload.js';
import { sent } from '../codec/shareable.js';
import { CannotCross } from '../errors.js';
import type { Notary } from '../will.js';

type Duty = (value: never) => unknown;

/** Hands the wills of this thread or process to the host that runs it. */
export class HostNotary implements Notary {
	readonly #endpoint: Endpoint;
	readonly #channel: FarChannel;
	/** What was left last, by the will. */
	readonly #bytes = new Map<number, Uint8Array>();

	constructor(endpoint: Endpoint, channel: FarChannel) {
		this.#endpoint = endpoint;
		this.#channel = channel;
	}

	leave(id: number, label: string, duty: Duty | null, value: unknown): void {
		const copy = this.#encode(label, value);
		if (duty === null && this.#isKnown(id, copy)) return;
		const fn = duty === null ? null : this.#encode(label, duty);
		this.#bytes.set(id, copy.bytes);
		this.#post({
			type: 'will',
			id,
			label,
			duty: fn && this.#endpoint.prepare(fn, null),
			value: this.#endpoint.prepare(copy, null),
		});
		this.#channel.send(); // before the code that left it goes on
	}

	/** It is heard before this side acts, whatever becomes of it then. */
	revoke(id: number): void {
		this.#bytes.delete(id);
		this.#post({ type: 'revoke', id });
		this.#channel.flush();
	}

	#encode(subject: string, value: unknown): Payload {
		const payload = this.#endpoint.encode(value, { subject, root: 'values' });
		// A will would count among those who have it.
		if (payload.shareables.some((one) => one[sent] !== undefined)) {
			throw new CannotCross('is the end of a pipe', 'its other end sees that this one is gone');
		}
		return payload;
	}

	#isKnown(id: number, { bytes, shared }: Payload): boolean {
		const before = this.#bytes.get(id);
		return before !== undefined && shared.length === 0 && Buffer.compare(before, bytes) === 0;
	}

	#post(message: Message): void {
		this.#channel.post(message);
	}
}
