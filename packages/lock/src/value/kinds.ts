/** The types of shared values and arrays, and what JavaScript reads from each. */
export interface Kinds {
	int8: number;
	uint8: number;
	int16: number;
	uint16: number;
	int32: number;
	uint32: number;
	float32: number;
	float64: number;
	bigint64: bigint;
	biguint64: bigint;
	bool: boolean;
}

/** The typed array over values of each type; a bool is a byte that is 1 or 0. */
export interface Views {
	int8: Int8Array;
	uint8: Uint8Array;
	int16: Int16Array;
	uint16: Uint16Array;
	int32: Int32Array;
	uint32: Uint32Array;
	float32: Float32Array;
	float64: Float64Array;
	bigint64: BigInt64Array;
	biguint64: BigUint64Array;
	bool: Uint8Array;
}

/** The types that are numbers: they can be added to. */
export type NumericKind = Exclude<keyof Kinds, 'bool'>;
/** The types whose bits can be combined. */
export type BitKind = Exclude<keyof Kinds, 'float32' | 'float64'>;

/** The atomic operations on values in shared memory, by index; each change returns what was there before. */
export interface Cells<T> {
	/** Throws a TypeError or RangeError when the value does not fit. */
	check(value: T): void;
	load(at: number): T;
	store(at: number, value: T): void;
	exchange(at: number, value: T): T;
	compareExchange(at: number, expected: T, value: T): T;
	add?(at: number, amount: T): T;
	sub?(at: number, amount: T): T;
	and?(at: number, bits: T): T;
	or?(at: number, bits: T): T;
	xor?(at: number, bits: T): T;
}
