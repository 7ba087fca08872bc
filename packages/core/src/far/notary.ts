import type { FarChannel } from '../channel/channel.js';
import type { Endpoint } from '../channel/endpoint.js';
import type { Payload } from '../codec/payload.js';
import { sent } from '../codec/shareable.js';
import { Json, toSmall } from '../codec/small.js';
import { CannotCross } from '../errors.js';
import type { Notary } from '../will.js';

type Duty = (value: never) => unknown;

/** What was left last. */
interface Left {
	/** As text where it is short, which is compared before anything is copied. */
	readonly text: string | null;
	readonly bytes: Uint8Array;
	/** What takes long to copy is not copied again before this. */
	readonly notBefore: number;
}

/** So many times as long as it took to copy a value that is not short, it is not copied again. */
const PAUSES = 9;

/** Hands the wills of this thread or process to the host that runs it. */
export class HostNotary implements Notary {
	readonly #endpoint: Endpoint;
	readonly #channel: FarChannel;
	readonly #left = new Map<number, Left>();

	constructor(endpoint: Endpoint, channel: FarChannel) {
		this.#endpoint = endpoint;
		this.#channel = channel;
	}

	leave(id: number, label: string, duty: Duty | null, value: unknown): void {
		const small = toSmall(value);
		const text = small instanceof Json ? small.text : null;
		const before = this.#left.get(id);
		const began = performance.now();
		if (before !== undefined && (text === null ? began < before.notBefore : text === before.text)) return;
		const copy = this.#encode(label, value);
		const fn = duty === null ? null : this.#encode(label, duty);
		const now = performance.now();
		const notBefore = before === undefined ? now : now + PAUSES * (now - began);
		this.#left.set(id, { text, bytes: copy.bytes, notBefore });
		if (before !== undefined && isSame(before, copy)) return;
		this.#channel.post({
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
		this.#left.delete(id);
		this.#channel.post({ type: 'revoke', id });
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
}

function isSame({ bytes }: Left, copy: Payload): boolean {
	return copy.shared.length === 0 && Buffer.compare(bytes, copy.bytes) === 0;
}
