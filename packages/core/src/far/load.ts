import type { Baggage, Carrier } from '../baggage.js';
import type { Endpoint } from '../channel/endpoint.js';
import { besideCall, type Message } from '../channel/protocol.js';
import { LADEN, NAMED, type Rec } from '../channel/records.js';

const NOTHING: Baggage = [];

/** The number of the constant that a record calls. */
export function constantOf({ about }: Rec): number {
	return about & (LADEN - 1);
}

/** Takes from the values of a record what travels with it; a promise where modules have to be imported first. */
export function unload({ about, values }: Rec, endpoint: Endpoint): Baggage | Promise<Baggage> {
	if ((about & LADEN) === 0 || values === null) return NOTHING;
	const [count] = values as [number];
	const laden = values.splice(0, 1 + 2 * count);
	const carriers: unknown[] = [];
	const packed: unknown[] = [];
	for (let at = 1; at < laden.length; at += 2) {
		carriers.push(endpoint.constant(laden[at] as number));
		packed.push(laden[at + 1]);
	}
	return withPacked(carriers, packed);
}

/** The name that a record has; to be taken after what travels with it. */
export function takeName({ about, values }: Rec): string | undefined {
	return about >= NAMED && values !== null ? String(values.shift()) : undefined;
}

/** What travels with a call that came as a message. */
export function unloadMessage(
	{ id, carriers, packed }: Message & { type: 'call' },
	endpoint: Endpoint,
): Baggage | Promise<Baggage> {
	if (packed === null) return NOTHING;
	const opened = endpoint.openFor(packed, besideCall(id));
	const found = carriers.map((number) => endpoint.constant(number));
	if (opened instanceof Promise) return opened.then((values) => withPacked(found, values as unknown[]));
	return withPacked(found, opened as unknown[]);
}

function withPacked(carriers: unknown[], packed: unknown[]): Baggage | Promise<Baggage> {
	const pair = (known: unknown[]) => known.map((carrier, at) => [carrier as Carrier, packed[at]] as const);
	return carriers.some((carrier) => carrier instanceof Promise)
		? Promise.all(carriers).then(pair)
		: pair(carriers);
}
