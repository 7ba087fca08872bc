import type { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import type { Will } from '@conc/core';
import { disposeAtEnd } from './dispose.js';
import type { Entered } from './scope.js';
import type { Site } from './site.js';

export type Values = Record<PropertyKey, unknown>;

/** Which values go along with a call: none, all, those of some keys, or the store of a user's AsyncLocalStorage. */
export type Inherit = boolean | readonly PropertyKey[] | 'store';

export interface Settings {
	readonly name: string | undefined;
	readonly init: (() => object) | undefined;
	readonly dispose: ((values: object) => void) | undefined;
	readonly inherit: Inherit;
}

/**
 * What one Local is in this thread. Plain data, because the Locals of two copies of this package may share it.
 */
export interface State extends Settings {
	/** The name of one that inherits; any other gets its id when it first crosses. */
	id: string | undefined;
	/** The values of this thread, `undefined` until their first use. */
	values: Values | undefined;
	/** Where they are disposed of from outside should this thread end without a word: to be told when they change. */
	will: Will | undefined;
	/** Whether any scope was ever entered: if not, nobody need look for one. */
	scoped: boolean;
	/** Where its scopes are found, once there was one. */
	scopes: AsyncLocalStorage<Entered> | undefined;
	/** The AsyncLocalStorage that `Local.from` was given in this thread. */
	storage: AsyncLocalStorage<unknown> | undefined;
	/** Where it was made in this thread; undefined of one that only came from elsewhere. */
	site: Site | undefined;
	/** While `init` runs. */
	initialising: boolean;
	/** The Local that stands for this state when it crosses. */
	local: object | undefined;
}

/** What is in force outside every scope of a user's AsyncLocalStorage: nothing, and nothing can be set there. */
const NO_STORE: Values = Object.freeze({});

export function newState(settings: Settings, id?: string): State {
	return {
		...settings,
		id,
		values: undefined,
		will: undefined,
		scoped: false,
		scopes: undefined,
		storage: undefined,
		site: undefined,
		initialising: false,
		local: undefined,
	};
}

/** How a Local is called in messages. */
export function title(state: Settings): string {
	return state.name === undefined ? 'Local' : `Local ${JSON.stringify(state.name)}`;
}

/** The values of this thread, made by `init` at their first use. */
export function threadValues(state: State): Values {
	return state.values ?? initialise(state);
}

function initialise(state: State): Values {
	if (state.inherit === 'store') return NO_STORE;
	if (state.initialising) throw new TypeError(`init of ${title(state)} uses the Local whose values it makes`);
	state.initialising = true;
	try {
		const values = state.init === undefined ? {} : checked(state, state.init(), 'init returned');
		if (state.dispose !== undefined) state.will = disposeAtEnd(state, values, state.dispose);
		state.values = values;
		return values;
	} finally {
		state.initialising = false;
	}
}

/** Refuses what cannot be the values of a Local. */
export function checked(state: Settings, values: unknown, what: string): Values {
	if (typeof values !== 'object' || values === null) {
		throw new TypeError(
			`${title(state)}: ${what} ${values === null ? 'null' : typeof values}, not an object`,
		);
	}
	if (values instanceof Promise) {
		throw new TypeError(
			`${title(state)}: ${what} a promise; await what it needs before, and return an object`,
		);
	}
	if (isMoreThanProperties(values)) {
		const kind = Object.prototype.toString.call(values).slice('[object '.length, -1);
		throw new TypeError(
			`${title(state)}: ${what} a value of class ${kind}, which is more than its properties; put it into an object, as { value }`,
		);
	}
	for (const key of ['run', 'clear']) if (key in values) throw refused(state, key);
	return values as Values;
}

/** What has its content elsewhere is not what a copy of its properties would be. */
function isMoreThanProperties(values: object): boolean {
	if (Array.isArray(values) || ArrayBuffer.isView(values) || types.isNativeError(values)) return true;
	return types.isMap(values) || types.isSet(values) || types.isDate(values) || types.isAnyArrayBuffer(values);
}

export function refused(state: Settings, key: string): TypeError {
	return new TypeError(
		`${title(state)} cannot have a value named '${key}': that is its method; choose another name`,
	);
}
