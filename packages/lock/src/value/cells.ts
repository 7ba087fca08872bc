import { BoolCell } from './cell-bool.js';
import { FloatCell, float32Bits, float64Bits } from './cell-float.js';
import { BigIntCell, NumberCell } from './cell-integer.js';
import type { Cell, Kinds } from './kinds.js';

type Cells = { [K in keyof Kinds]: (memory: SharedArrayBuffer, offset: number) => Cell<Kinds[K]> };

const cells: Cells = {
	int8: (memory, offset) => new NumberCell(new Int8Array(memory, offset, 1)),
	uint8: (memory, offset) => new NumberCell(new Uint8Array(memory, offset, 1)),
	int16: (memory, offset) => new NumberCell(new Int16Array(memory, offset, 1)),
	uint16: (memory, offset) => new NumberCell(new Uint16Array(memory, offset, 1)),
	int32: (memory, offset) => new NumberCell(new Int32Array(memory, offset, 1)),
	uint32: (memory, offset) => new NumberCell(new Uint32Array(memory, offset, 1)),
	float32: (memory, offset) => new FloatCell(float32Bits(memory, offset)),
	float64: (memory, offset) => new FloatCell(float64Bits(memory, offset)),
	bigint64: (memory, offset) => new BigIntCell(new BigInt64Array(memory, offset, 1)),
	biguint64: (memory, offset) => new BigIntCell(new BigUint64Array(memory, offset, 1)),
	bool: (memory, offset) => new BoolCell(new Uint8Array(memory, offset, 1)),
};

/** The value of this type at that place; 8 bytes are enough for each. */
export function cellAt<K extends keyof Kinds>(
	type: K,
	memory: SharedArrayBuffer,
	offset: number,
): Cell<Kinds[K]> {
	if (!Object.hasOwn(cells, type)) {
		throw new TypeError(
			`there is no type ${JSON.stringify(type)}; there are ${Object.keys(cells).join(', ')}`,
		);
	}
	return cells[type](memory, offset);
}
