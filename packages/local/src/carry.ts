import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Travel } from '@conc/core';
import { stateFor } from './known.js';
import { copyOf, runInheriting, runWith, valuesSoFar } from './scope.js';
import type { Site } from './site.js';
import { type State, title, type Values } from './state.js';

/** How the values of a Local go along with calls. */
export function travelOf(state: State): Travel {
	return {
		label: title(state),
		pack: () => packed(state),
		unpack: (values, fn) => runPacked(state, values, fn),
	};
}

/** What goes along with a call made here, `undefined` for nothing. */
function packed(state: State): unknown {
	if (state.inherit === false) return undefined;
	const values = valuesSoFar(state);
	if (state.inherit === 'store' || values === undefined) return values;
	const copy = copyOf(values as Values);
	if (state.inherit !== true) {
		for (const key of Reflect.ownKeys(copy)) if (!isOneOf(state.inherit, key)) delete copy[key];
	}
	return Reflect.ownKeys(copy).length === 0 ? undefined : copy;
}

/** Keys are as users write them, so one may be a number where the object has a string. */
function isOneOf(keys: readonly PropertyKey[], key: string | symbol): boolean {
	return keys.some((one) => (typeof one === 'number' ? String(one) : one) === key);
}

/** Runs `fn` with what came along. */
export function runPacked<R>(state: State, values: unknown, fn: () => R): R {
	if (state.inherit !== 'store') return runInheriting(state, values as Values, fn);
	return state.storage === undefined ? runWith(state, values, fn) : state.storage.run(values, fn);
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
