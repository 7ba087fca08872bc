import type { Shareable } from './codec/shareable.js';
import { realm } from './realm.js';

/** The method that takes what should travel along, `undefined` for nothing. */
export const pack: unique symbol = Symbol.for('@conc/pack') as never;
/** The method that runs a function with what travelled along. */
export const unpack: unique symbol = Symbol.for('@conc/unpack') as never;

/** Something of which a copy goes along with every call made from this thread. */
export interface Carrier extends Shareable {
	[pack](): unknown;
	[unpack]<T>(packed: unknown, fn: () => T): T;
}

export type Baggage = [Carrier, unknown][];

const carriers = () => realm('carriers', () => new Set<Carrier>());

/** From now on every call made here takes along what the carrier packs. */
export function travelAlong(carrier: Carrier): void {
	carriers().add(carrier);
}

/** What travels with a call made now. */
export function packBaggage(): Baggage {
	const baggage: Baggage = [];
	for (const carrier of carriers()) {
		const packed = carrier[pack]();
		if (packed !== undefined) baggage.push([carrier, packed]);
	}
	return baggage;
}

/** Runs `fn` with what travelled along with its call. */
export function unpackBaggage<T>(baggage: Baggage, fn: () => T): T {
	return baggage.reduceRight<() => T>(
		(inner, [carrier, packed]) =>
			() =>
				carrier[unpack](packed, inner),
		fn,
	)();
}
