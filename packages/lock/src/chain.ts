import { AsyncLocalStorage } from 'node:async_hooks';
import { realm } from '@conc/core';

/** A call chain: a `with(fn)` of an RLock, and everything `fn` calls and awaits. */
interface Chain {
	/** Unique in this thread, never 0. */
	readonly token: number;
	/** The chain it was started in. */
	readonly parent: Chain | undefined;
}

/** The token of code that runs in no chain. */
const ROOT = 0;

interface Chains {
	/** Made by the first `with`: on Node 20 and 22 it slows down every await of the thread. */
	storage: AsyncLocalStorage<Chain> | undefined;
	last: number;
}

const chains = () => realm<Chains>('lock chains', () => ({ storage: undefined, last: ROOT }));

/** The token of the chain the caller runs in. */
export function currentToken(): number {
	return currentChain()?.token ?? ROOT;
}

/** Runs `fn`, and everything it calls and awaits, in a new chain within the current one. */
export function runInNewChain<T>(fn: () => T): T {
	const all = chains();
	all.storage ??= new AsyncLocalStorage();
	all.last = (all.last + 1) | 0 || 1;
	return all.storage.run({ token: all.last, parent: currentChain() }, fn);
}

/** Whether the chain with this token is the caller's, or one that the caller's was started in. */
export function isWithin(token: number): boolean {
	if (token === ROOT) return true;
	for (let chain = currentChain(); chain !== undefined; chain = chain.parent) {
		if (chain.token === token) return true;
	}
	return false;
}

function currentChain(): Chain | undefined {
	return chains().storage?.getStore();
}
