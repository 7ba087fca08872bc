import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Travel } from '@conc/core';
import { stateFor } from './known.js';
import { copySoFar, runInheriting, runWith, valuesSoFar } from './scope.js';
import type { Site } from './site.js';
import { type Inherit, type State, title, type Values } from './state.js';

/** How the values of a Local go along with calls. */
export function travelOf(state: State): Travel {
	return {
		label: title(state),
		pack: () => packed(state),
		unpack: (open, fn) => runPacked(state, open, fn),
	};
}

/** What goes along with a call made here, `undefined` for nothing. */
function packed(state: State): unknown {
	if (state.inherit === 'store') return valuesSoFar(state);
	const copy = copySoFar(state, (key) => isInherited(state.inherit, key));
	return copy === undefined || isEmpty(copy) ? undefined : copy;
}

function isEmpty(values: Values): boolean {
	for (const key in values) if (Object.hasOwn(values, key)) return false; // the usual, and the quickest
	return Reflect.ownKeys(values).length === 0;
}

/** Keys are as users write them, so one may be a number where the object has a string. */
function isInherited(inherit: Inherit, key: PropertyKey): boolean {
	if (typeof inherit !== 'object') return inherit !== false;
	return inherit.some((one) => (typeof one === 'number' ? String(one) : one) === key);
}

/** Runs `fn` with what came along. */
function runPacked<R>(state: State, open: () => unknown, fn: () => R): R {
	return state.inherit === 'store'
		? runStore(state, open(), fn)
		: runInheriting(state, open as () => Values, fn);
}

/** Runs `fn` with this store in the AsyncLocalStorage that the Local stands for. */
export function runStore<R>(state: State, store: unknown, fn: () => R): R {
	return state.storage === undefined ? runWith(state, store, fn) : state.storage.run(store, fn);
}

/** The state of a Local that stands for a user's AsyncLocalStorage. */
export function stateForStorage(storage: AsyncLocalStorage<unknown>, name: string, site: () => Site): State {
	const state = stateFor({ name, init: undefined, dispose: undefined, inherit: 'store' }, site);
	if (state.storage !== undefined && state.storage !== storage) {
		// Not an error: a module that is loaded again after an edit comes with a storage of its own.
		process.emitWarning(
			`${title(state)} now stands for another AsyncLocalStorage; the former is not carried along`,
			{
				code: 'CONC_LOCAL_REPLACED',
			},
		);
	}
	state.storage = storage;
	state.scoped = true;
	return state;
}
