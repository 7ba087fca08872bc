import type { Transferable } from 'node:worker_threads';
import type { Template } from '../capture/template.js';
import { transformer } from '../capture/transformer.js';
import { CannotCross, type CaptureError } from '../errors.js';
import { checkKind } from '../kind.js';
import { realm } from '../realm.js';
import type { GraphContext } from './context.js';
import { define } from './define.js';
import { replaceFunction } from './encode-function.js';
import { replaceObject } from './encode-object.js';
import { type Graph, type ModuleRequest, moduleKey, type Payload, type Special } from './payload.js';
import { isPlain } from './plain.js';
import { GraphSerializer } from './serializer.js';
import type { Medium, Shareable } from './shareable.js';
import { Trail } from './trail.js';

export interface EncodeOptions {
	readonly to: Medium;
	/** What the value is called in messages: "`handler` (src/server.ts:14)". */
	readonly subject: string | (() => string);
	/** What its root is called in the path to a culprit: `args`, `result`; empty for a function. */
	readonly root: string;
	readonly transfer?: readonly Transferable[];
	/** An error on its way must arrive, so members of it that cannot cross are replaced by a note. */
	readonly lenient?: boolean;
	/** It goes to a peer that may be any program, so nothing that is or needs code is sent. */
	readonly dataOnly?: boolean;
	/** What stands for an object that both sides know under a name; undefined for any other. */
	readonly refer?: Refer;
}

export type Refer = (value: object) => unknown;

/**
 * Turns a value into what can be sent, functions with what they capture included.
 *
 * The payload is of this moment: what changes later does not change it. Throws a CaptureError with the path to the
 * first part that cannot cross; then nothing was sent and nothing moved.
 */
export function encode(value: unknown, options: EncodeOptions): Payload {
	const moved = checkTransfer(options);
	const encoder = new Encoder(options, moved);
	try {
		const payload = (isPlain(value) && encodePlain(value, moved)) || encoder.encode(value);
		if (options.to === 'process' && payload.bytes.length > LARGEST_BYTES)
			throw tooLarge(payload.bytes.length);
		return payload;
	} catch (error) {
		if (error instanceof CannotCross) throw encoder.refusal(error);
		throw isOverflow(error) ? new Encoder(options, moved).refusal(tooDeep()) : error;
	}
}

/** Null when the engine finds something in it after all: then the longer way names the culprit. */
function encodePlain(value: unknown, moved: Transferable[]): Payload | null {
	const serializer = new GraphSerializer(moved);
	try {
		serializer.writeValue(false);
		serializer.writeValue(value);
	} catch (error) {
		if (error instanceof RangeError) throw error;
		return null;
	}
	const bytes = serializer.releaseBuffer();
	const none = { shared: [], templates: [], modules: [], signals: [], shareables: [], packages: [] };
	return { ...none, bytes, moved, constant: false };
}

function isOverflow(error: unknown): boolean {
	return error instanceof RangeError && error.message.includes('call stack');
}

/** A frame has four bytes for its length, of which one bit is a sign; what goes along with a payload is small. */
const LARGEST_BYTES = 2 ** 31 - 2 ** 27;

function tooLarge(bytes: number): CannotCross {
	const size = (bytes / 2 ** 30).toFixed(1);
	return new CannotCross(
		`is ${size} GiB, and no more than 1.8 fit into one message`,
		'send it in parts, or send the name of a file that holds it',
	);
}

function tooDeep(): CannotCross {
	return new CannotCross('is nested too deeply to be copied', 'send it as a flat list');
}

class Encoder implements GraphContext {
	readonly to: Medium;
	readonly trail: Trail;
	readonly lenient: boolean;
	readonly dataOnly: boolean;
	readonly refer: Refer | undefined;
	readonly specials: Special[] = [];
	readonly patches: Graph['patches'] = [];
	readonly cells: unknown[] = [];
	readonly cellUsers: number[][] = [];
	readonly moved: Transferable[];
	readonly signals: AbortSignal[] = [];
	readonly shareables: Shareable[] = [];
	readonly packages = new Set<string>();
	readonly sharedCells = new Map<object | string, number>();
	readonly scopeTokens: GraphContext['scopeTokens'] = new Map();
	constant = true;
	readonly #subject: string | (() => string);
	readonly #copies = new Map<object | symbol, object | number>();
	/** Copies of which only some members were needed so far. */
	readonly #parts = new Map<object, object>();
	readonly #templates = new Map<string, Template>();
	readonly #modules = new Map<string, ModuleRequest>();
	readonly #shared: SharedArrayBuffer[] = [];
	/** The far side will import something, at once or while the call runs. */
	#imports = false;

	constructor(options: EncodeOptions, moved: Transferable[]) {
		this.to = options.to;
		this.trail = new Trail(options.root);
		this.lenient = options.lenient ?? false;
		this.dataOnly = options.dataOnly ?? false;
		this.refer = options.refer;
		this.moved = moved;
		this.#subject = options.subject;
	}

	encode(value: unknown): Payload {
		const root: unknown[] = [undefined];
		this.put(root, 0, value);
		const { specials, patches, cells, constant } = this;
		const graph: Graph = { root, specials, patches, cells, units: this.#units(), constant };
		const serializer = new GraphSerializer(this.moved);
		serializer.writeValue(true);
		serializer.writeValue(graph);
		return {
			bytes: serializer.releaseBuffer(),
			shared: this.#shared,
			moved: this.moved,
			templates: [...this.#templates.values()],
			modules: this.#modulesInOrder(),
			signals: this.signals,
			shareables: this.shareables,
			packages: [...this.packages],
			constant,
		};
	}

	/** The error that names the part at hand. */
	refusal(reason: CannotCross): CaptureError {
		const subject = typeof this.#subject === 'string' ? this.#subject : this.#subject();
		return this.trail.error(reason, this.to, subject);
	}

	/** Places what stands for `value` at `holder[key]`. */
	put(holder: object, key: string | number, value: unknown): void {
		const stand = this.#standIn(value);
		if (typeof stand === 'number') {
			this.patches.push([holder, key, stand]);
			define(holder, key, undefined);
		} else define(holder, key, stand === null ? value : stand);
	}

	special(value: unknown): number {
		const stand = this.#standIn(value);
		if (typeof stand !== 'number') throw new TypeError('expected a function or class');
		return stand;
	}

	share(buffer: SharedArrayBuffer): number {
		const known = this.#shared.indexOf(buffer);
		return known === -1 ? this.#shared.push(buffer) - 1 : known;
	}

	reserve(original: object | symbol): number {
		const index = this.specials.push(undefined as never) - 1;
		this.#copies.set(original, index);
		return index;
	}

	copied(original: object, copy: object): void {
		this.#copies.set(original, copy);
	}

	part(original: object): object | undefined {
		if (this.#copies.has(original)) return undefined;
		let part = this.#parts.get(original);
		if (part === undefined) {
			part = {};
			this.#parts.set(original, part);
		}
		return part;
	}

	begun(original: object): object {
		return this.#parts.get(original) ?? {};
	}

	needsTemplate(template: Template): void {
		this.#templates.set(template.id, template);
		this.#imports ||= template.names.includes('require') || /\bimport\s*\(/.test(template.text);
	}

	needsModule({ specifier, parent }: ModuleRequest): void {
		this.#modules.set(moduleKey({ specifier, parent }), { specifier, parent });
		this.#imports ||= !specifier.startsWith('node:');
	}

	/** What makes the others loadable comes first. */
	#modulesInOrder(): ModuleRequest[] {
		const first = this.#imports && this.to === 'thread' ? transformer() : undefined;
		return [...(first === undefined ? [] : [first]), ...this.#modules.values()];
	}

	/** Runs `visit` and gives the range of patches it added. */
	patchRange(visit: () => void): [number, number] {
		const from = this.patches.length;
		visit();
		return [from, this.patches.length];
	}

	checkpoint(): () => void {
		const { specials, patches, cells, cellUsers, signals, shareables } = this;
		const lists = [specials, patches, cells, cellUsers, signals, shareables];
		const lengths = lists.map((list) => list.length);
		const copies = new Set(this.#copies.keys());
		const shared = new Set(this.sharedCells.keys());
		const parts = new Set(this.#parts.keys());
		const trail = this.trail.checkpoint();
		return () => {
			for (const [at, list] of lists.entries()) {
				list.length = lengths[at] as number;
			}
			for (const key of this.#copies.keys()) if (!copies.has(key)) this.#copies.delete(key);
			for (const key of this.sharedCells.keys()) if (!shared.has(key)) this.sharedCells.delete(key);
			for (const key of this.#parts.keys()) if (!parts.has(key)) this.#parts.delete(key);
			trail();
		};
	}

	/** Null for what goes as it is, a number for a special, else the copy. */
	#standIn(value: unknown): object | number | null {
		if (typeof value === 'symbol')
			return this.#copies.get(value) === undefined
				? this.#symbol(value)
				: (this.#copies.get(value) as number);
		if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return null;
		const known = this.#copies.get(value);
		if (known !== undefined) return known;
		return typeof value === 'function' ? replaceFunction(this, value) : replaceObject(this, value);
	}

	#symbol(symbol: symbol): number {
		const wellKnown = Object.getOwnPropertyNames(Symbol).find((name) => Reflect.get(Symbol, name) === symbol);
		if (wellKnown === undefined && Symbol.keyFor(symbol) === undefined) {
			throw new CannotCross(
				'is a symbol that only this thread has',
				'use Symbol.for(key), which all threads share',
			);
		}
		const index = this.reserve(symbol);
		this.specials[index] =
			wellKnown === undefined
				? { type: 'symbol', key: Symbol.keyFor(symbol) as string }
				: { type: 'builtin', module: '', path: ['Symbol', wellKnown] };
		return index;
	}

	/** Functions connected by a shared variable that some code assigns. */
	#units(): number[][] {
		const unitOf = new Map<number, Set<number>>();
		for (const index of this.sharedCells.values()) {
			const users = this.cellUsers[index] ?? [];
			if (users.length < 2) continue;
			const merged = new Set(users.flatMap((user) => [...(unitOf.get(user) ?? [user])]));
			for (const user of merged) unitOf.set(user, merged);
		}
		return [...new Set(unitOf.values())].map((unit) => [...unit].sort((a, b) => a - b));
	}
}

const movedBefore = () => realm('moved', () => new WeakSet<object>());

/** A payload is about to be sent: what moves with it is gone from here, also before the end of the turn. */
export function noteMoved({ moved }: Payload): void {
	for (const item of moved) movedBefore().add(item);
}

function checkTransfer({ transfer = [], to }: EncodeOptions): Transferable[] {
	checkKind('transfer', 'an array', transfer, Array.isArray(transfer));
	if (transfer.length === 0 || to === 'process') return []; // towards a process everything is copied
	if (new Set(transfer).size !== transfer.length)
		throw new TypeError('transfer: the same object is listed twice');
	for (const item of transfer) {
		if (!(item instanceof ArrayBuffer || item instanceof MessagePort)) {
			throw new TypeError('transfer: only ArrayBuffer and MessagePort can be moved to a thread');
		}
		if (movedBefore().has(item) || (item instanceof ArrayBuffer && item.byteLength === 0)) {
			throw new TypeError('transfer: an entry of the list is empty or was moved before');
		}
	}
	return [...transfer];
}
