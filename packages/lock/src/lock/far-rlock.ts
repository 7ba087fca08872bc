import {
	keyOf,
	type PatientOptions,
	type Remote,
	readTimeout,
	realm,
	remote,
	type SyncWaitOptions,
	type WaitOptions,
} from '@conc/core';
import { Acquirable } from '../acquirable.js';
import { DeadlockError, LockError } from '../errors.js';
import { chains } from './chain.js';

/** That this thread has a lock which lives in another process, and which call chain of it does. */
interface Possession {
	readonly chain: number;
	depth: number;
}

/** By lock; however many objects of this thread stand for it. */
const possessions = () => realm('far RLocks held', () => new Map<string, Possession>());

function nameOf({ handle }: Remote): string {
	return `${handle.id} ${keyOf(handle.home)}`;
}

/** What this thread has of a lock, if it is the caller's chain that has it. */
function ownedOf(at: Remote): Possession | undefined {
	const found = possessions().get(nameOf(at));
	return found !== undefined && chains().include(found.chain) ? found : undefined;
}

/** Takes it once more, if the caller's chain has it. */
function reenter(at: Remote): boolean {
	const owned = ownedOf(at);
	if (owned !== undefined) owned.depth++;
	return owned !== undefined;
}

function own(at: Remote, chain: number, isTaken: unknown): boolean {
	if (isTaken === true) possessions().set(nameOf(at), { chain, depth: 1 });
	return isTaken === true;
}

/** Lets another have it however often it was taken, and gives what puts that right once it is had again. */
export function suspendFar(at: Remote): () => void {
	const key = nameOf(at);
	const owned = possessions().get(key) as Possession;
	possessions().delete(key);
	return () => possessions().set(key, owned);
}

/** Whether the caller has a lock that lives in another process. */
export function isFarHeld(at: Remote): boolean {
	return ownedOf(at) !== undefined;
}

interface FarRLock extends Acquirable {
	readonly [remote]: Remote;
}

/**
 * The members of an RLock that lives in another process. There it is a plain lock of this thread; which call chain of
 * this thread has it, and how often, is known here, so to take it again costs nothing.
 */
export const farRLockMembers = {
	with<T>(this: FarRLock, fn: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		return chains().run(() => Acquirable.prototype.with.call(this, fn, options)) as Promise<Awaited<T>>;
	},

	async acquire(this: FarRLock, options?: PatientOptions | WaitOptions): Promise<boolean> {
		const at = this[remote];
		readTimeout(options);
		options?.signal?.throwIfAborted();
		if (reenter(at)) return true;
		const chain = chains().current;
		return own(at, chain, await at.wait('acquire', [], options));
	},

	acquireSync(this: FarRLock, options?: SyncWaitOptions): boolean {
		const at = this[remote];
		const timeout = readTimeout(options);
		if (reenter(at)) return true;
		if (timeout > 0 && possessions().has(nameOf(at))) {
			throw new DeadlockError(
				`acquireSync of ${at.handle.label} would never end: another task of this thread has it, and this call blocks\n` +
					'  → use acquire() or with()',
			);
		}
		return own(at, chains().current, at.waitSync('acquire', [], options));
	},

	tryAcquire(this: FarRLock): boolean {
		const at = this[remote];
		return reenter(at) || own(at, chains().current, at.call('tryAcquire'));
	},

	release(this: FarRLock): void {
		const at = this[remote];
		const owned = ownedOf(at);
		if (owned === undefined)
			throw new LockError(`${at.handle.label} was released by one who does not have it`);
		owned.depth--;
		if (owned.depth > 0) return;
		possessions().delete(nameOf(at));
		at.call('release');
	},

	get isOwned(): boolean {
		return isFarHeld((this as unknown as FarRLock)[remote]);
	},

	get depth(): number {
		const at = (this as unknown as FarRLock)[remote];
		return possessions().get(nameOf(at))?.depth ?? (at.call('locked') === true ? 1 : 0);
	},
};
