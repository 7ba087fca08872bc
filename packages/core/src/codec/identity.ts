import { crypto } from '../lazy.js';
import { realm } from '../realm.js';

interface Identities {
	/** Tells this thread's functions from those of every other thread; empty before the first has one. */
	tag: string;
	next: number;
	readonly ids: WeakMap<object, string>;
	readonly found: Map<string, WeakRef<object>>;
	readonly gone: FinalizationRegistry<string>;
}

const identities = () =>
	realm<Identities>('identities', () => {
		const found = new Map<string, WeakRef<object>>();
		return {
			tag: '',
			next: 0,
			ids: new WeakMap(),
			found,
			gone: new FinalizationRegistry((id) => {
				if (found.get(id)?.deref() === undefined) found.delete(id);
			}),
		};
	});

/** The name of a function or class that stays the same wherever it is sent. */
export function identityOf(fn: object): string {
	const all = identities();
	const known = all.ids.get(fn);
	if (known !== undefined) return known;
	all.tag ||= crypto().randomUUID();
	const id = `${all.tag}:${all.next++}`;
	rememberIdentity(fn, id);
	return id;
}

export function rememberIdentity(fn: object, id: string): void {
	const { ids, found, gone } = identities();
	ids.set(fn, id);
	found.set(id, new WeakRef(fn));
	gone.register(fn, id);
}

/** The function or class of that name, if it lives in this thread. */
export function byIdentity(id: string): object | undefined {
	return identities().found.get(id)?.deref();
}
