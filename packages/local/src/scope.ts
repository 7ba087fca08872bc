import { AsyncLocalStorage } from 'node:async_hooks';
import { realm } from '@conc/core';
import { type State, threadValues, type Values } from './state.js';

/** The values in force in a scope. Those that came along with a call are laid over the thread's at first use. */
interface Scope {
	values: unknown;
	readonly inherited: Values | undefined;
}

type Scopes = ReadonlyMap<State, Scope>;

/** One storage for all Locals, made at the first scope: on Node 20 and 22 each storage slows every await. */
const scopes = () => realm('scopes of locals', () => new AsyncLocalStorage<Scopes>());

/** Runs `fn`, and everything asynchronous it starts, with these values. */
export function runWith<R>(state: State, values: unknown, fn: () => R): R {
	return enter(state, { values, inherited: undefined }, fn);
}

/** Runs `fn` with what came along, and for the rest a copy of what this thread has. */
export function runInheriting<R>(state: State, inherited: Values, fn: () => R): R {
	return enter(state, { values: undefined, inherited }, fn);
}

function enter<R>(state: State, scope: Scope, fn: () => R): R {
	state.scoped = true;
	return scopes().run(new Map(scopes().getStore()).set(state, scope), fn);
}

function scopeOf(state: State): Scope | undefined {
	return scopes().getStore()?.get(state);
}

/** The values in force here: the scope's, else the thread's, which this may make. */
export function valuesInForce(state: State): Values {
	if (!state.scoped) return state.values ?? threadValues(state);
	const store = state.storage?.getStore();
	if (isObject(store)) return store;
	const scope = scopeOf(state);
	if (scope?.inherited !== undefined) {
		scope.values ??= Object.assign(copyOf(threadValues(state)), scope.inherited);
	}
	return isObject(scope?.values) ? scope.values : threadValues(state);
}

/** The values in force as far as there are any yet, and the store of a `Local.from` whatever it is. */
export function valuesSoFar(state: State): unknown {
	if (!state.scoped) return state.values;
	const store = state.storage?.getStore();
	if (store !== undefined) return store;
	const scope = scopeOf(state);
	return scope === undefined ? state.values : (scope.values ?? scope.inherited);
}

/** Leaves the scope that is in force here without values; false if there is none. */
export function clearScope(state: State): boolean {
	const store = state.storage?.getStore();
	if (isObject(store)) {
		for (const key of Reflect.ownKeys(store)) delete store[key];
		return true;
	}
	const scope = state.scoped ? scopeOf(state) : undefined;
	if (scope !== undefined) scope.values = {};
	return scope !== undefined;
}

/** A copy of its own enumerable properties, of the same class. */
export function copyOf(values: Values): Values {
	return Object.assign(Object.create(Object.getPrototypeOf(values)), values);
}

function isObject(value: unknown): value is Values {
	return typeof value === 'object' && value !== null;
}
