import { realm } from './realm.js';

type Duty = (value: never) => unknown;

/** How a will gets to whoever started this thread or process. */
export interface Notary {
	/** Takes the duty, or only what it is to be called with if that has changed. Throws for what cannot cross. */
	leave(id: number, label: string, duty: Duty | null, value: unknown): void;
	revoke(id: number): void;
}

const office = () =>
	realm('wills', () => ({
		notary: null as Notary | null,
		left: new Set<Will>(),
		next: 0,
		isLeaving: false,
	}));

/** Whether what is encoded at the moment is for the time when this thread or process is gone. */
export function isLeavingWill(): boolean {
	return office().isLeaving;
}

/** Hands it over; false where it cannot cross. */
function hand(notary: Notary, id: number, label: string, duty: Duty | null, value: object): boolean {
	office().isLeaving = true;
	try {
		notary.leave(id, label, duty, value);
		return true;
	} catch {
		return false;
	} finally {
		office().isLeaving = false;
	}
}

/** From now on wills that are left here are handed to `notary`. Gives those that stand at any moment. */
export function appoint(notary: Notary): ReadonlySet<Will> {
	office().notary = notary;
	return office().left;
}

/**
 * Has `duty` called with a copy of `value` by whoever started this thread or process, should that end before it can
 * do so itself: terminated, killed, out of memory. Undefined where nobody did, and for what cannot cross.
 *
 * It is on its way when this returns. The copy is made anew at the end of each call, or of a later one where that takes
 * long. Who is gone together with what it has started carries nothing out.
 */
export function leaveWill(label: string, duty: Duty, value: object): Will | undefined {
	const { notary, left } = office();
	if (notary === null) return undefined;
	const id = office().next++;
	// Else the system takes it back with this thread or process, or nobody does.
	if (!hand(notary, id, label, duty, value)) return undefined;
	const will = new Will(notary, id, label, value);
	left.add(will);
	return will;
}

/** What somebody else is to do if this thread or process cannot any more. */
export class Will {
	readonly #notary: Notary;
	readonly #id: number;
	readonly #label: string;
	readonly #value: object;
	#isScheduled = false;

	constructor(notary: Notary, id: number, label: string, value: object) {
		this.#notary = notary;
		this.#id = id;
		this.#label = label;
		this.#value = value;
	}

	/** Takes a copy anew. Where none can be made any more, the former stays. */
	renew(): void {
		if (office().left.has(this)) hand(this.#notary, this.#id, this.#label, null, this.#value);
	}

	/** The same, once the code that changes the value pauses. */
	touch(): void {
		if (this.#isScheduled) return;
		this.#isScheduled = true;
		queueMicrotask(() => {
			this.#isScheduled = false;
			this.renew();
		});
	}

	/** This side does it, now. */
	revoke(): void {
		if (office().left.delete(this)) this.#notary.revoke(this.#id);
	}
}
