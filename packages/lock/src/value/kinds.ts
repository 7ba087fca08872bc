/** The types of a shared value, and what JavaScript reads from each. */
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

/** The types that are numbers: they can be added to. */
export type NumericKind = Exclude<keyof Kinds, 'bool'>;
/** The types whose bits can be combined. */
export type BitKind = Exclude<keyof Kinds, 'float32' | 'float64'>;

/** The atomic operations on one value in shared memory; each change returns what was there before. */
export interface Cell<T> {
	/** Throws a TypeError or RangeError when the value does not fit. */
	check(value: T): void;
	load(): T;
	store(value: T): void;
	exchange(value: T): T;
	compareExchange(expected: T, value: T): T;
	add?(amount: T): T;
	sub?(amount: T): T;
	and?(bits: T): T;
	or?(bits: T): T;
	xor?(bits: T): T;
}
