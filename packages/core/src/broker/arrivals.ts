import { realm } from '../realm.js';

const arriving = () => realm('arriving', () => new Set<Promise<void>>());

/** Code that is given something waits for what that takes, which never rejects. */
export function arrives(arrival: Promise<void>): void {
	arriving().add(arrival);
	void arrival.then(() => arriving().delete(arrival));
}

/** Resolves when all has arrived that is about to: links that are being made; undefined when there is nothing. */
export function allArrived(): Promise<unknown> | undefined {
	const all = arriving();
	return all.size === 0 ? undefined : Promise.all(all);
}
