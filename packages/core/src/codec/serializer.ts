import { Deserializer, Serializer } from 'node:v8';
import { CannotCross } from '../errors.js';

/** V8's own format; SharedArrayBuffers and moved buffers go beside the bytes. */
export class GraphSerializer extends Serializer {
	readonly #shared: SharedArrayBuffer[];

	constructor(shared: SharedArrayBuffer[], moved: readonly unknown[]) {
		super();
		this.#shared = shared;
		for (const [index, item] of moved.entries()) {
			if (item instanceof ArrayBuffer) this.transferArrayBuffer(MOVED + index, item);
		}
		this.writeHeader();
	}

	// Called by the engine, under these names.
	_getSharedArrayBufferId(buffer: SharedArrayBuffer): number {
		const known = this.#shared.indexOf(buffer);
		return known === -1 ? this.#shared.push(buffer) - 1 : known;
	}

	_writeHostObject(object: object): never {
		throw cannotCopy(object);
	}
}

export class GraphDeserializer extends Deserializer {
	constructor(bytes: Uint8Array, shared: readonly SharedArrayBuffer[], moved: readonly unknown[]) {
		super(bytes);
		for (const [index, buffer] of shared.entries()) this.transferArrayBuffer(index, buffer as never);
		for (const [index, item] of moved.entries()) {
			if (item instanceof ArrayBuffer) this.transferArrayBuffer(MOVED + index, item);
		}
		this.readHeader();
	}
}

/** Moved buffers and shared ones are numbered apart. */
const MOVED = 1 << 20;

/** The refusal of an object that is bound to this thread. */
export function cannotCopy(value: object): CannotCross {
	const name = value.constructor?.name || 'an object';
	return new CannotCross(
		`is ${article(name)}, which cannot be copied`,
		'open or make it inside the function, or export the function from a module of its own',
	);
}

function article(name: string): string {
	return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
