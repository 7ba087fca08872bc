import type { AsyncLocalStorage } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import { brand, type Carrier, type Medium, revive, sent, share, travelAlong } from '@conc/core';
import type { LocalConstructor, LocalOf } from './api.js';
import { runStore, stateForStorage, travelOf } from './carry.js';
import { disposeNow } from './dispose.js';
import { type Handle, handleOf, stateFor, stateOf } from './known.js';
import { clearScope, copyOf, runWith } from './scope.js';
import { type Options, settingsOf } from './settings.js';
import { show } from './show.js';
import { siteOf } from './site.js';
import { checked, type State, title } from './state.js';
import { state, Traps } from './traps.js';

class LocalObject implements Carrier {
	// Not #private: the Proxy answers it, and another copy of this class asks.
	declare readonly [state]: State;

	constructor(options: Options = {}) {
		// biome-ignore lint/correctness/noConstructorReturn: the Proxy is the Local, and a subclass must get it too
		return standFor(
			stateFor(settingsOf(options), () => siteOf(new.target, LocalObject)),
			this,
		);
	}

	static from(als: AsyncLocalStorage<unknown>, options: { readonly name: string }): Carrier {
		const { name } = Object(options) as { name?: unknown };
		if (typeof als?.getStore !== 'function') throw new TypeError('Local.from takes an AsyncLocalStorage');
		if (typeof name !== 'string')
			throw new TypeError("Local.from needs a name: Local.from(als, { name: 'shop.request' })");
		return localOf(
			stateForStorage(als, name, () => siteOf(LocalObject.from)),
			LocalObject.prototype,
		);
	}

	static [revive](handle: Handle): Carrier {
		// biome-ignore lint/complexity/noThisInStatic: a subclass that crosses is revived by its own class
		return localOf(stateOf(handle), this.prototype);
	}

	run<R>(values: object, fn: () => R): R {
		const own = this[state];
		if (typeof fn !== 'function') throw new TypeError(`${title(own)}: run takes values and a function`);
		if (own.inherit === 'store') return runStore(own, values, fn);
		return runWith(own, copyOf(checked(own, values, 'run was given')), fn);
	}

	clear(): void {
		const own = this[state];
		if (clearScope(own) || own.values === undefined) return;
		own.values = own.will = undefined;
		disposeNow(own);
	}

	[share](_to: Medium): Handle {
		return handleOf(this[state]);
	}

	/** It need not be told, and to look for it must not make values. */
	get [sent](): undefined {
		return undefined;
	}

	toString(): string {
		return show(this[state] as State | undefined, 0, { breakLength: Number.POSITIVE_INFINITY });
	}

	[inspect.custom](depth: number, options: InspectOptions): string {
		return show(this[state] as State | undefined, depth, options);
	}
}
Object.defineProperty(LocalObject, 'name', { value: 'Local' });
brand(LocalObject, '@conc/local:Local');

/** The one Local of this thread that stands for a state, made with this prototype if there is none yet. */
function localOf(own: State, prototype: LocalObject): Carrier {
	return (own.local as Carrier | undefined) ?? standFor(own, Object.create(prototype));
}

/** Makes `target` a Local with this state. The first of a state is the one that crosses and carries. */
function standFor(own: State, target: LocalObject): LocalObject {
	const local = new Proxy<LocalObject>(target, new Traps(own));
	if (own.local === undefined) {
		own.local = local;
		if (own.inherit !== false) travelAlong(local, travelOf(own));
	}
	return local;
}

export const Local = LocalObject as unknown as LocalConstructor;
export type Local<T extends object> = LocalOf<T>;
