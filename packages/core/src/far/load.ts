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
	const load: Loading[] = [];
	for (let at = 1; at < 1 + 2 * count; at += 2)
		load.push([endpoint.constant(values[at] as number), values[at + 1]]);
	values.splice(0, 1 + 2 * count);
	return loaded(load);
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
	const pair = (values: unknown) =>
		loaded(found.map((carrier, at) => [carrier, (values as unknown[])[at]] as const));
	return opened instanceof Promise ? opened.then(pair) : pair(opened);
}

/** A carrier, or the promise of it, and what it has packed. */
type Loading = readonly [carrier: unknown, packed: unknown];

function loaded(load: readonly Loading[]): Baggage | Promise<Baggage> {
	for (const [carrier] of load) if (carrier instanceof Promise) return afterAll(load);
	return load as Baggage;
}

async function afterAll(load: readonly Loading[]): Promise<Baggage> {
	const carriers = await Promise.all(load.map(([carrier]) => carrier as Carrier));
	return carriers.map((carrier, at) => [carrier, load[at]?.[1]] as const);
}
