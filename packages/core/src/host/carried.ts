import { type Baggage, type Carrier, labelOf, packBaggage } from '../baggage.js';
import { LADEN, NAMED } from '../channel/records.js';
import { encode } from '../codec/encode.js';
import type { Payload } from '../codec/payload.js';
import type { Medium } from '../codec/shareable.js';
import { fromSmall, Json, KeptJson, LARGE, type Small, toSmall } from '../codec/small.js';
import { realm } from '../realm.js';

/** What travels along with a call, as it was when that was made. */
export interface Carried {
	/** Each host is sent them once; calls name them. */
	readonly carriers: readonly CarrierConstant[];
	/** What each of them has packed. */
	readonly packed: Payload | readonly Small[];
}

interface CarrierConstant {
	readonly id: string;
	readonly payload: Payload;
	/** What it packed last that cannot change, if anything, and what that is as a small value. */
	packed: unknown;
	small: Small | typeof LARGE;
}

const constants = () =>
	realm('carriers as constants', () => ({
		thread: new WeakMap<Carrier, CarrierConstant>(),
		process: new WeakMap<Carrier, CarrierConstant>(),
		next: 0,
	}));

/** What travels with a call made now, null for nothing. Throws a CaptureError where something of it cannot cross. */
export function carriedNow(to: Medium, call: () => string): Carried | null {
	const baggage = packBaggage();
	if (baggage.length === 0) return null;
	const carriers = baggage.map(([carrier]) => constantOf(carrier, to, call));
	const small = smallBaggage(baggage, carriers);
	if (small !== null) return { carriers, packed: small };
	const values = baggage.map(([, packed]) => packed);
	const root = 'values';
	try {
		return { carriers, packed: encode(values, { to, subject: call, root }) };
	} catch (error) {
		// Each by itself, so that the message names whose it is.
		for (const [carrier, packed] of baggage) encode(packed, { to, subject: subjectOf(carrier, call), root });
		throw error;
	}
}

/** Null when something of it is not small. */
function smallBaggage(baggage: Baggage, carriers: readonly CarrierConstant[]): Small[] | null {
	const all: Small[] = [];
	for (let at = 0; at < baggage.length; at++) {
		const [, packed] = baggage[at] as Baggage[number];
		const carrier = carriers[at] as CarrierConstant;
		let { small } = carrier;
		if (carrier.packed !== packed) {
			small = toSmall(packed);
			if (small instanceof Json) small = new KeptJson(small.text); // most calls do not look at it
			if (isUnchanging(packed)) Object.assign(carrier, { packed, small });
		}
		if (small === LARGE) return null;
		all.push(small);
	}
	return all;
}

/** Whether it is the same for ever: a frozen object that holds no others. */
function isUnchanging(value: unknown): boolean {
	if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
	const members = Object.values(Object.getOwnPropertyDescriptors(value));
	return members.every((member) => 'value' in member && !isObject(member.value));
}

function isObject(value: unknown): boolean {
	return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** What was packed as bytes, where there was no room for it as it is. */
export function packedPayload({ packed }: Carried, to: Medium): Payload {
	if (!isSmallPacked(packed)) return packed;
	return encode(packed.map(fromSmall), { to, subject: 'what travels along', root: 'values' });
}

/** The values of a record, with what tells what comes before the arguments. Null when what travels along is not small. */
export function recordOf(
	name: string | undefined,
	carried: Carried | null,
	carriers: readonly number[],
	args: readonly Small[],
): { flags: number; values: readonly Small[] } | null {
	if (carried === null) {
		return name === undefined ? { flags: 0, values: args } : { flags: NAMED, values: [name, ...args] };
	}
	const { packed } = carried;
	if (!isSmallPacked(packed)) return null;
	const values: Small[] = [carriers.length];
	for (let at = 0; at < carriers.length; at++) values.push(carriers[at], packed[at]);
	if (name !== undefined) values.push(name);
	for (const argument of args) values.push(argument);
	return { flags: name === undefined ? LADEN : LADEN + NAMED, values };
}

export function isSmallPacked(packed: Carried['packed']): packed is readonly Small[] {
	return Array.isArray(packed);
}

function constantOf(carrier: Carrier, to: Medium, call: () => string): CarrierConstant {
	const { [to]: known } = constants();
	const found = known.get(carrier);
	if (found !== undefined) return found;
	const payload = encode(carrier, { to, subject: subjectOf(carrier, call), root: '' });
	const id = `carrier:${constants().next++}`;
	const constant: CarrierConstant = { id, payload, packed: null, small: LARGE };
	known.set(carrier, constant);
	return constant;
}

function subjectOf(carrier: Carrier, call: () => string): () => string {
	return () => `${labelOf(carrier)}, which goes along with ${call()},`;
}
