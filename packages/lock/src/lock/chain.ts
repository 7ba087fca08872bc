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

/** The call chains of this thread. */
class Chains {
	/** Made by the first `with`: on Node 20 and 22 it slows down every await of the thread. */
	#storage: AsyncLocalStorage<Chain> | undefined;
	#last = ROOT;

	/** The token of the chain the caller runs in. */
	get current(): number {
		return this.#storage?.getStore()?.token ?? ROOT;
	}

	/** Runs `fn`, and everything it calls and awaits, in a new chain within the current one. */
	run<T>(fn: () => T): T {
		this.#storage ??= new AsyncLocalStorage();
		this.#last = (this.#last + 1) | 0 || 1;
		return this.#storage.run({ token: this.#last, parent: this.#storage.getStore() }, fn);
	}

	/** Whether the chain with this token is the caller's, or one that the caller's was started in. */
	include(token: number): boolean {
		if (token === ROOT) return true;
		for (let chain = this.#storage?.getStore(); chain !== undefined; chain = chain.parent) {
			if (chain.token === token) return true;
		}
		return false;
	}
}

export const chains = (): Chains => realm('lock chains', () => new Chains());
