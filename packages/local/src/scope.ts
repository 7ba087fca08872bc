import { AsyncLocalStorage } from 'node:async_hooks';
import { realm } from '@conc/core';
import { type State, threadValues, type Values } from './state.js';

/** The values in force in a scope. Those that came along with a call are laid over the thread's at first use. */
interface Scope {
	values: unknown;
	readonly inherited: (() => Values) | undefined;
	/** A frozen copy of them as they are, once one was needed. Only of values that hold no objects. */
	copy?: Values | undefined;
}

/** The scope of one Local that is in force, and those of others: of each at most one. */
export interface Entered {
	readonly state: State;
	readonly scope: Scope;
	readonly outer: Entered | undefined;
}

/** One storage for all Locals, made at the first scope: on Node 20 and 22 each storage slows every await. */
const scopes = () => realm('scopes of locals', () => new AsyncLocalStorage<Entered>());

/** Runs `fn`, and everything asynchronous it starts, with these values. */
export function runWith<R>(state: State, values: unknown, fn: () => R): R {
	return enter(state, { values, inherited: undefined }, fn);
}

/** Runs `fn` with what came along, and for the rest a copy of what this thread has. */
export function runInheriting<R>(state: State, open: () => Values, fn: () => R): R {
	let opened: Values | undefined;
	const inherited = () => {
		opened ??= open();
		return opened;
	};
	return enter(state, { values: undefined, inherited }, fn);
}

function enter<R>(state: State, scope: Scope, fn: () => R): R {
	state.scopes ??= scopes();
	state.scoped = true;
	const outer = without(state, state.scopes.getStore());
	return state.scopes.run({ state, scope, outer }, fn);
}

/** A scope that is left behind is not held, however long scopes go on to be entered within one another. */
function without(state: State, entered: Entered | undefined): Entered | undefined {
	if (entered === undefined || entered.state === state) return entered?.outer;
	const outer = without(state, entered.outer);
	return outer === entered.outer ? entered : { ...entered, outer };
}

function scopeOf(state: State): Scope | undefined {
	let entered = state.scopes?.getStore();
	while (entered !== undefined && entered.state !== state) entered = entered.outer;
	return entered?.scope;
}

/** The values in force here if they are there already. */
export function valuesMade(state: State): Values | undefined {
	return state.scoped ? scopedValues(state) : state.values;
}

function scopedValues(state: State): Values | undefined {
	if (state.storage !== undefined) {
		const store = state.storage.getStore();
		if (isObject(store)) return store;
	}
	const scope = scopeOf(state);
	if (scope === undefined) return state.values;
	return isObject(scope.values) ? scope.values : undefined;
}

/** The values in force here: the scope's, else the thread's, which this may make. */
export function valuesInForce(state: State): Values {
	const made = valuesMade(state);
	if (made !== undefined) return made;
	const scope = scopeOf(state);
	if (scope?.inherited === undefined) return threadValues(state);
	const values = laidOver(threadValues(state), scope.inherited());
	scope.values = values;
	return values;
}

/** The same, to be changed. */
export function valuesToChange(state: State): Values {
	const values = valuesInForce(state);
	const scope = state.scoped ? scopeOf(state) : undefined;
	if (scope !== undefined) scope.copy = undefined;
	else state.will?.touch();
	return values;
}

/** A copy of those of the values in force so far that `isWanted`: the same as before where they cannot have changed. */
export function copySoFar(state: State, isWanted: (key: PropertyKey) => boolean): Values | undefined {
	const scope = state.scoped ? scopeOf(state) : undefined;
	if (scope?.copy !== undefined) return scope.copy;
	const values = scope === undefined ? state.values : ((scope.values ?? scope.inherited?.()) as Values);
	if (values === undefined) return undefined;
	const copy = copyOf(values);
	// What a class computes may change its values unseen.
	let isFlat = isPlain(values);
	for (const key of Reflect.ownKeys(copy)) {
		if (!isWanted(key)) delete copy[key];
		else if (!isFixed(Object.getOwnPropertyDescriptor(values, key))) isFlat = false;
	}
	// Nobody else has the values of a scope, but who gave a thread's may change them.
	if (scope !== undefined && isFlat) scope.copy = Object.freeze(copy);
	return copy;
}

/** The values in force as far as there are any yet, and the store of a `Local.from` whatever it is. */
export function valuesSoFar(state: State): unknown {
	if (!state.scoped) return state.values;
	const store = state.storage?.getStore();
	if (store !== undefined) return store;
	const scope = scopeOf(state);
	return scope === undefined ? state.values : (scope.values ?? scope.inherited?.());
}

/** Leaves the scope that is in force here without values; false if there is none. */
export function clearScope(state: State): boolean {
	const store = state.storage?.getStore();
	if (isObject(store)) {
		for (const key of Reflect.ownKeys(store)) delete store[key];
		return true;
	}
	const scope = scopeOf(state);
	if (scope === undefined) return false;
	scope.values = {};
	scope.copy = undefined;
	return true;
}

/** A copy of its own enumerable properties, of the same class. */
export function copyOf(values: Values): Values {
	const prototype = Object.getPrototypeOf(values);
	return prototype === Object.prototype ? { ...values } : withOwn(Object.create(prototype), values);
}

/** A copy of some values with others on top, of the class of these if they have one. */
function laidOver(below: Values, above: Values): Values {
	const classOf = isPlain(above) ? below : above;
	return withOwn(withOwn(Object.create(Object.getPrototypeOf(classOf)), below), above);
}

/** Defines, so that no setter is called and `__proto__` is a name like others. */
function withOwn(target: Values, values: Values): Values {
	for (const key of Reflect.ownKeys(values)) {
		if (!Object.prototype.propertyIsEnumerable.call(values, key)) continue;
		const property = { value: values[key], writable: true, enumerable: true, configurable: true };
		Object.defineProperty(target, key, property);
	}
	return target;
}

function isPlain(values: Values): boolean {
	const prototype = Object.getPrototypeOf(values);
	return prototype === Object.prototype || prototype === null;
}

/** Neither computed nor an object, which may change by itself. */
function isFixed(property: PropertyDescriptor | undefined): boolean {
	return property?.get === undefined && !isObject(property?.value) && typeof property?.value !== 'function';
}

function isObject(value: unknown): value is Values {
	return typeof value === 'object' && value !== null;
}
