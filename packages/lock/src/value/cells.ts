import { BoolCells } from './cells-bool.js';
import { FloatCells, float32Bits, float64Bits } from './cells-float.js';
import { BigIntCells, NumberCells } from './cells-integer.js';
import type { Cells, Kinds, Views } from './kinds.js';

const cells: { [K in keyof Kinds]: (view: Views[K]) => Cells<Kinds[K]> } = {
	int8: (view) => new NumberCells(view),
	uint8: (view) => new NumberCells(view),
	int16: (view) => new NumberCells(view),
	uint16: (view) => new NumberCells(view),
	int32: (view) => new NumberCells(view),
	uint32: (view) => new NumberCells(view),
	float32: (view) => new FloatCells(float32Bits(view)),
	float64: (view) => new FloatCells(float64Bits(view)),
	bigint64: (view) => new BigIntCells(view),
	biguint64: (view) => new BigIntCells(view),
	bool: (view) => new BoolCells(view),
};

/** The atomic operations on the values in this view. */
export function cellsIn<K extends keyof Kinds>(type: K, view: Views[K]): Cells<Kinds[K]> {
	return cells[type](view);
}
