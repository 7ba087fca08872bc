import type { Template } from '../capture/template.js';
import { decode } from '../codec/decode.js';
import { type EncodeOptions, encode } from '../codec/encode.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { addPackageTexts, packageCount, packageTexts } from '../packages.js';
import { loadModules } from '../revive/modules.js';
import { noteSourceMap, sourceMapOf } from '../revive/source-map.js';
import type { Channel } from './channel.js';
import type { Message, WirePayload } from './protocol.js';

/** How many texts and constant functions the other end keeps; older ones are sent again when they are used again. */
const KEPT = 1_000;

/** One end of a host: sends payloads with what they need ahead of them, and takes payloads apart. */
export class Endpoint {
	readonly medium: Medium;
	readonly #channel: Channel;
	readonly #sentTemplates = new Set<string>();
	readonly #sentConstants = new Set<string>();
	readonly #sentPackages: Set<string>;
	readonly #templates = new Map<string, Template>();
	readonly #constants = new Map<string, unknown>();
	/** Signals that came with a payload, by the number of its call. */
	readonly #controllers = new Map<string, AbortController>();
	readonly #abortListeners = new Map<number, () => void>();

	constructor(medium: Medium, channel: Channel, knownPackages: Iterable<string>) {
		this.medium = medium;
		this.#channel = channel;
		this.#sentPackages = new Set(knownPackages);
	}

	/** Sends ahead what a payload needs, and gives the rest of it. */
	prepare(payload: Payload, call: number): WirePayload {
		this.#sendPackages();
		for (const template of payload.templates) {
			if (this.#sentTemplates.has(template.id)) continue;
			this.#sentTemplates.add(template.id);
			this.#channel.post({ type: 'template', template, sourceMap: sourceMapOf(template.url) });
		}
		this.#followSignals(payload.signals, call);
		const { bytes, shared, moved, modules } = payload;
		return { bytes, shared, moved, modules };
	}

	/** Sends a constant function, unless the other end has it. */
	sendConstant(id: string, payload: Payload): void {
		if (this.#sentConstants.has(id)) return;
		const wire = this.prepare(payload, -1);
		this.#sentConstants.add(id);
		this.#channel.post({ type: 'constant', id, payload: wire });
	}

	/** Lets the other end forget what is oldest. Only between calls: what a queued call names must stay. */
	forget(): void {
		const templates = oldest(this.#sentTemplates);
		const constants = oldest(this.#sentConstants);
		if (templates.length + constants.length > 0) this.#channel.post({ type: 'forget', templates, constants });
	}

	/** Lets the other end forget a constant that will not be called again. */
	release(id: string): void {
		if (this.#sentConstants.delete(id))
			this.#channel.post({ type: 'forget', templates: [], constants: [id] });
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
				this.#constants.set(message.id, message.payload);
				return true;
			case 'forget':
				for (const id of message.templates) this.#templates.delete(id);
				for (const id of message.constants) this.#constants.delete(id);
				return true;
			case 'abort':
				void this.#abort(message.payload, message.signal, message.reason);
				return true;
			default:
				return false;
		}
	}

	/** The value of a payload; a promise only when modules have to be imported first. */
	open(payload: WirePayload, call: number): unknown {
		const loading = loadModules(payload.modules);
		if (loading !== undefined) return loading.then(() => this.#decode(payload, call));
		return this.#decode(payload, call);
	}

	/** A constant function the other end has sent. */
	async constant(id: string): Promise<unknown> {
		const known = this.#constants.get(id);
		if (typeof known === 'function') return known;
		if (known === undefined) throw new Error(`a function (${id}) did not arrive before its call`);
		const fn = await this.open(known as WirePayload, -1);
		this.#constants.set(id, fn);
		return fn;
	}

	encode(value: unknown, options: Omit<EncodeOptions, 'to'>): Payload {
		return encode(value, { ...options, to: this.medium });
	}

	/** Nothing more will be said of the signals of a call. */
	callEnded(call: number): void {
		this.#abortListeners.get(call)?.();
		this.#abortListeners.delete(call);
		for (const key of this.#controllers.keys()) if (key.startsWith(`${call}:`)) this.#controllers.delete(key);
	}

	#sendPackages(): void {
		if (packageCount() === this.#sentPackages.size) return;
		const texts = packageTexts();
		const fresh = Object.keys(texts).filter((name) => !this.#sentPackages.has(name));
		if (fresh.length === 0) return;
		for (const name of fresh) this.#sentPackages.add(name);
		this.#channel.post({
			type: 'packages',
			texts: Object.fromEntries(fresh.map((name) => [name, texts[name] ?? ''])),
		});
	}

	#followSignals(signals: readonly AbortSignal[], call: number): void {
		const removers = signals.map((signal, index) => {
			const tell = () => {
				const reason = this.prepare(this.#encodeReason(signal.reason), call);
				this.#channel.post({ type: 'abort', payload: call, signal: index, reason });
			};
			// Aborted since the call was made: told right after the call itself.
			if (signal.aborted) queueMicrotask(tell);
			else signal.addEventListener('abort', tell, { once: true });
			return () => signal.removeEventListener('abort', tell);
		});
		if (removers.length > 0)
			this.#abortListeners.set(call, () => {
				for (const remove of removers) remove();
			});
	}

	/** A reason that cannot cross is replaced by the refusal: the abort itself must arrive. */
	#encodeReason(reason: unknown): Payload {
		const options = { subject: 'the reason of an AbortSignal', root: 'reason', lenient: true };
		try {
			return this.encode(reason, options);
		} catch (refusal) {
			return this.encode(refusal, options);
		}
	}

	#decode(payload: WirePayload, call: number): unknown {
		return decode(payload, {
			templates: this.#templates,
			signal: (index) => {
				const controller = new AbortController();
				this.#controllers.set(`${call}:${index}`, controller);
				return controller.signal;
			},
		});
	}

	async #abort(call: number, index: number, reason: WirePayload): Promise<void> {
		this.#controllers.get(`${call}:${index}`)?.abort(await this.open(reason, call));
	}
}

function oldest(kept: Set<string>): string[] {
	const ids = [...kept].slice(0, Math.max(0, kept.size - KEPT));
	for (const id of ids) kept.delete(id);
	return ids;
}
