import { follow } from '../aborts.js';
import { allArrived } from '../broker/arrivals.js';
import type { Template } from '../capture/template.js';
import { decode } from '../codec/decode.js';
import { type EncodeOptions, encode } from '../codec/encode.js';
import type { Payload } from '../codec/payload.js';
import { type Medium, tellSent } from '../codec/shareable.js';
import { addPackageTexts, packageCount, packageNames, packageTexts } from '../packages.js';
import { loadModules } from '../revive/modules.js';
import { noteSourceMap, sourceMapOf } from '../revive/source-map.js';
import type { Channel } from './channel.js';
import type { Message, PayloadKey, WirePayload } from './protocol.js';

/** How many texts and constant functions the other end keeps; older ones are sent again when they are used again. */
const KEPT = 1_000;

/** A constant function the other end has sent; opened when it is called first. */
interface Constant {
	readonly id: string;
	readonly payload: WirePayload;
	/** The function, or the promise of it while modules are imported. */
	opened: unknown;
}

/** One end of a host: sends payloads with what they need ahead of them, and takes payloads apart. */
export class Endpoint {
	readonly medium: Medium;
	readonly #channel: Channel;
	readonly #sentTemplates = new Set<string>();
	/** By their ids, the numbers under which the other end knows them. */
	readonly #sentConstants = new Map<string, number>();
	#nextConstant = 0;
	readonly #sentPackages: Set<string>;
	readonly #templates = new Map<string, Template>();
	readonly #constants = new Map<number, Constant>();
	/** For the signals that came with a payload. */
	readonly #controllers = new Map<PayloadKey, AbortController[]>();
	/** What ends the listening to the signals that went with a payload. */
	readonly #abortListeners = new Map<PayloadKey, () => void>();

	constructor(medium: Medium, channel: Channel, knownPackages: Iterable<string>) {
		this.medium = medium;
		this.#channel = channel;
		this.#sentPackages = new Set(knownPackages);
	}

	/** Sends ahead what a payload needs, and gives the rest of it. Without a key its signals stay as they are now. */
	prepare(payload: Payload, key: PayloadKey | null): WirePayload {
		this.#sendPackages();
		for (const template of payload.templates) {
			if (this.#sentTemplates.has(template.id)) continue;
			this.#sentTemplates.add(template.id);
			this.#channel.post({ type: 'template', template, sourceMap: sourceMapOf(template.url) });
		}
		tellSent(payload);
		const { bytes, shared, moved, modules, signals } = payload;
		if (key !== null && signals.length > 0) this.#followSignals(signals, key);
		return { bytes, shared, moved, modules, signals: signals.length };
	}

	/** Sends a constant function, unless the other end has it; gives the number under which that knows it. */
	sendConstant({ id, payload }: { readonly id: string; readonly payload: Payload }): number {
		const known = this.#sentConstants.get(id);
		if (known !== undefined) return known;
		const wire = this.prepare(payload, id);
		const number = this.#nextConstant++;
		this.#sentConstants.set(id, number);
		this.#channel.post({ type: 'constant', id, number, payload: wire });
		return number;
	}

	/** Lets the other end forget what is oldest. Only between calls: what a queued call names must stay. */
	forget(): void {
		if (this.#sentTemplates.size <= KEPT && this.#sentConstants.size <= KEPT) return;
		const templates = [...this.#sentTemplates].slice(0, -KEPT);
		for (const id of templates) this.#sentTemplates.delete(id);
		const constants = [...this.#sentConstants].slice(0, -KEPT);
		for (const [id] of constants) {
			this.#sentConstants.delete(id);
			this.ended(id);
		}
		this.#channel.post({ type: 'forget', templates, constants: constants.map(([, number]) => number) });
	}

	/** Lets the other end forget a constant that will not be called again. */
	release(id: string): void {
		const number = this.#sentConstants.get(id);
		if (number === undefined) return;
		this.#sentConstants.delete(id);
		this.ended(id);
		this.#channel.post({ type: 'forget', templates: [], constants: [number] });
	}

	/** Takes in what is sent ahead of payloads; false for every other message. */
	learn(message: Message): boolean {
		switch (message.type) {
			case 'template':
				this.#templates.set(message.template.id, message.template);
				if (message.sourceMap !== undefined) noteSourceMap(message.template.url, message.sourceMap);
				return true;
			case 'packages':
				addPackageTexts(message.texts);
				for (const name of Object.keys(message.texts)) this.#sentPackages.add(name);
				return true;
			case 'constant':
				this.#constants.set(message.number, {
					id: message.id,
					payload: message.payload,
					opened: undefined,
				});
				this.expect(message.payload, message.id);
				return true;
			case 'forget':
				for (const id of message.templates) this.#templates.delete(id);
				for (const number of message.constants) {
					this.ended(this.#constants.get(number)?.id ?? '');
					this.#constants.delete(number);
				}
				return true;
			case 'abort':
				void this.#abort(message.payload, message.signal, message.reason);
				return true;
			default:
				return false;
		}
	}

	/** A payload has arrived: from now on its signals are followed, also while it waits for its modules. */
	expect({ signals }: WirePayload, key: PayloadKey): void {
		if (signals > 0)
			this.#controllers.set(
				key,
				Array.from({ length: signals }, () => new AbortController()),
			);
	}

	/** The value of such a payload; a promise only when modules have to be imported first. */
	openFor(payload: WirePayload, key: PayloadKey): unknown {
		const loading = loadModules(payload.modules, 'call');
		const value = () => arrived(this.#decode(payload, key));
		return loading === undefined ? value() : loading.then(value);
	}

	/** The value of anything else. */
	open(payload: WirePayload): unknown {
		const loading = loadModules(payload.modules, 'result');
		const value = () => arrived(this.#decode(payload, null));
		return loading === undefined ? value() : loading.then(value);
	}

	/** A constant function the other end has sent; a promise only when modules have to be imported first. */
	constant(number: number): unknown {
		let constant = this.#constants.get(number);
		if (constant === undefined) this.#channel.drain(); // it left before its call, but by another way
		constant = this.#constants.get(number);
		if (constant === undefined) throw new Error(`a function (${number}) did not arrive before its call`);
		if (constant.opened !== undefined) return constant.opened;
		const opened = this.openFor(constant.payload, constant.id);
		constant.opened = opened;
		if (opened instanceof Promise)
			opened.then(
				(fn) => {
					constant.opened = fn;
				},
				() => {
					constant.opened = undefined; // the next call tries again
				},
			);
		return opened;
	}

	encode(value: unknown, options: Omit<EncodeOptions, 'to'>): Payload {
		return encode(value, { ...options, to: this.medium });
	}

	/** The reason of an abort. One that cannot cross is replaced by the refusal: the abort itself must arrive. */
	reason(reason: unknown): WirePayload {
		const options = { subject: 'the reason of an AbortSignal', root: 'reason', lenient: true };
		try {
			return this.prepare(this.encode(reason, options), null);
		} catch (refusal) {
			return this.prepare(this.encode(refusal, options), null);
		}
	}

	/** Nothing more will be said of the signals of a payload. */
	ended(key: PayloadKey): void {
		this.#abortListeners.get(key)?.();
		this.#abortListeners.delete(key);
		this.#controllers.delete(key);
	}

	/** The other end is gone. */
	close(): void {
		for (const key of [...this.#abortListeners.keys()]) this.ended(key);
	}

	#sendPackages(): void {
		if (packageCount() === this.#sentPackages.size) return;
		const fresh = packageNames().filter((name) => !this.#sentPackages.has(name));
		if (fresh.length === 0) return;
		for (const name of fresh) this.#sentPackages.add(name);
		this.#channel.post({ type: 'packages', texts: packageTexts(fresh) });
	}

	#followSignals(signals: readonly AbortSignal[], key: PayloadKey): void {
		const removers = signals.map((signal, index) => {
			const tell = () => {
				this.#channel.post({
					type: 'abort',
					payload: key,
					signal: index,
					reason: this.reason(signal.reason),
				});
			};
			// Aborted since the call was made: told right after the call itself.
			if (!signal.aborted) return follow(signal, tell);
			queueMicrotask(tell);
			return () => {};
		});
		this.#abortListeners.set(key, () => {
			for (const remove of removers) remove();
		});
	}

	#decode(payload: WirePayload, key: PayloadKey | null): unknown {
		const controllers = key === null ? undefined : this.#controllers.get(key);
		return decode(payload, {
			templates: this.#templates,
			signal: (index) => (controllers?.[index] ?? new AbortController()).signal,
		});
	}

	async #abort(key: PayloadKey, index: number, reason: WirePayload): Promise<void> {
		const controller = this.#controllers.get(key)?.[index];
		if (controller === undefined) return;
		let why: unknown;
		try {
			why = await this.open(reason);
		} catch (failure) {
			why = failure; // the abort itself must arrive
		}
		controller.abort(why);
	}
}

/** A value, as soon as what of it lives in other processes can be reached: code that gets it may block on that. */
function arrived(value: unknown): unknown {
	return allArrived()?.then(() => value) ?? value;
}
