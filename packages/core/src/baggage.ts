import type { Shareable } from './codec/shareable.js';
import { fromSmall, type Small } from './codec/small.js';
import { realm } from './realm.js';

/** Something of which a copy goes along with every call made from this thread; the other side has the same. */
export type Carrier = Shareable;

/** What a carrier does in this thread. */
export interface Travel {
	/** What it is called in messages. */
	readonly label: string;
	/** Takes what should travel along, `undefined` for nothing. */
	pack(): unknown;
	/**
	 * Runs a function with what travelled along, which `open` gives, and not for nothing: to be called once at most. What is
	 * small it would make anew, of anything else it gives the same object again.
	 */
	unpack<T>(open: () => unknown, fn: () => T): T;
}

/** What each carrier has packed; plain objects may still be text. */
export type Baggage = readonly (readonly [Carrier, unknown])[];

const carriers = () => realm('carriers', () => new Map<Carrier, Travel>());

/** From now on every call made here takes along what the carrier packs. To be called where it is made, or revived. */
export function travelAlong(carrier: Carrier, travel: Travel): void {
	carriers().set(carrier, travel);
}

/** What travels with a call made now. */
export function packBaggage(): Baggage {
	const baggage: [Carrier, unknown][] = [];
	for (const [carrier, travel] of carriers()) {
		const packed = travel.pack();
		if (packed !== undefined) baggage.push([carrier, packed]);
	}
	return baggage;
}

/** Runs `fn` with what travelled along with its call. */
export function unpackBaggage<T>(baggage: Baggage, fn: () => T): T {
	let run = fn;
	for (let at = baggage.length - 1; at >= 0; at--) {
		const [carrier, packed] = baggage[at] as Baggage[number];
		const inner = run;
		run = () => travelOf(carrier).unpack(() => fromSmall(packed as Small), inner);
	}
	return run();
}

/** How messages call it. */
export function labelOf(carrier: Carrier): string {
	return travelOf(carrier).label;
}

function travelOf(carrier: Carrier): Travel {
	const travel = carriers().get(carrier);
	if (travel === undefined) throw new Error('something came along with a call that does not travel');
	return travel;
}
