import { Deserializer, Serializer } from 'node:v8';
import { cannotCopy } from './refuse.js';

/** V8's own format; moved buffers go beside the bytes. */
export class GraphSerializer extends Serializer {
	constructor(moved: readonly unknown[]) {
		super();
		for (const [index, item] of moved.entries()) {
			if (item instanceof ArrayBuffer) this.transferArrayBuffer(index, item);
		}
		this.writeHeader();
	}

	// Called by the engine, under this name, for objects only it knows.
	_writeHostObject(object: object): never {
		throw cannotCopy(object);
	}
}

export class GraphDeserializer extends Deserializer {
	constructor(bytes: Uint8Array, moved: readonly unknown[]) {
		super(bytes);
		for (const [index, item] of moved.entries()) {
			if (item instanceof ArrayBuffer) this.transferArrayBuffer(index, item);
		}
		this.readHeader();
	}
}
