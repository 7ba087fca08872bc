import { placeOf } from '../capture/place.js';
import type { FarChannel } from '../channel/channel.js';
import type { Endpoint } from '../channel/endpoint.js';
import type { Message } from '../channel/protocol.js';
import { RunningCall, tellCurrentCall } from './current.js';
import { holdings } from './holdings.js';
import type { Target } from './outcome.js';

/** The call that runs: which it is, what it sees of itself, and what it tells on its way. */
export class CallSlot {
	readonly #endpoint: Endpoint;
	readonly #channel: FarChannel;
	/** The call that runs: its id, -1 when none does; its name; and what it sees of itself, once it looks. */
	#id = -1;
	#name = '';
	#running: RunningCall | null = null;
	#fn: Target | null = null;
	readonly #holdings = holdings();
	#hasTold = false;

	constructor(endpoint: Endpoint, channel: FarChannel) {
		this.#endpoint = endpoint;
		this.#channel = channel;
	}

	/** From now on a call can ask which it is, and is asked what it leaves behind. */
	watch(): void {
		tellCurrentCall(() => this.#current());
		this.#holdings.watch();
	}

	/** A call begins to run. */
	enter(id: number, fn: Target, name = fn.name): void {
		this.#id = id;
		this.#fn = fn;
		this.#name = name;
		this.#running = null;
		this.#holdings.begin();
	}

	/** It is over, or never began. Gives whether it has told something, which its answer must not overtake. */
	leave(): boolean {
		if (this.#id !== -1) this.#holdings.end(() => this.#taskName());
		this.#id = -1;
		this.#fn = null;
		this.#running = null;
		const hasTold = this.#hasTold;
		this.#hasTold = false;
		return hasTold;
	}

	/** Aborts the signal at which a call looks, if it runs. */
	abort(id: number, reason: unknown): void {
		if (id === this.#id) this.#running?.abort(reason);
	}

	/** At once: the call that says so may go on without a pause. */
	tell(message: Message): void {
		this.#hasTold = true;
		this.#channel.post(message);
		this.#channel.send();
	}

	#current(): RunningCall | null {
		const id = this.#id;
		if (id === -1) return null;
		this.#running ??= new RunningCall(this.#name, {
			listens: () => {
				if (id === this.#id) this.tell({ type: 'listens', id });
			},
			look: () => {
				if (id === this.#id) this.#channel.drain();
			},
			progress: (value) => {
				if (id !== this.#id) return;
				const subject = `the progress of \`${this.#name || '(anonymous)'}\``;
				const payload = this.#endpoint.encode(value, { subject, root: 'value' });
				this.tell({ type: 'progress', id, payload: this.#endpoint.prepare(payload, null) });
			},
		});
		return this.#running;
	}

	/** For messages. */
	#taskName(): string {
		const fn = this.#fn;
		return fn === null || this.#name !== fn.name ? `\`${this.#name}\`` : placeOf(fn);
	}
}
