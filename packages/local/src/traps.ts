import { valuesInForce } from './scope.js';
import { refused, type State } from './state.js';

/** Where a Local keeps its state; the same in every copy of this package. */
export const state: unique symbol = Symbol.for('@conc/local:state') as never;

/** What stands behind the Proxy: the state, and a prototype with the methods. */
export interface Target {
	readonly [state]: State;
}

/** A Local behaves as the object of the values in force would, except that its methods stay its own. */
export const traps: ProxyHandler<Target> = {
	get(target, key) {
		if (typeof key === 'symbol' || isOwn(key)) return member(target, key);
		const values = valuesInForce(target[state]);
		const value = values[key];
		if (value === undefined) return Reflect.get(target, key);
		if (typeof value === 'function' && target[state].inherit === 'store') return value.bind(values);
		return value;
	},
	set(target, key, value) {
		if (isMethod(key)) throw refused(target[state], key);
		valuesInForce(target[state])[key] = value;
		target[state].will?.touch();
		return true;
	},
	has: (target, key) => key in target || key in valuesInForce(target[state]),
	deleteProperty(target, key) {
		target[state].will?.touch();
		return Reflect.deleteProperty(valuesInForce(target[state]), key);
	},
	ownKeys: (target) => Reflect.ownKeys(valuesInForce(target[state])),
	// A Proxy may only show as fixed what its target has as well, so every property is shown as configurable.
	getOwnPropertyDescriptor(target, key) {
		const found = Reflect.getOwnPropertyDescriptor(valuesInForce(target[state]), key);
		return found && { ...found, configurable: true };
	},
	defineProperty(target, key, descriptor) {
		if (isMethod(key)) throw refused(target[state], key);
		if (descriptor.configurable === false) return false;
		target[state].will?.touch();
		return Reflect.defineProperty(valuesInForce(target[state]), key, { ...descriptor, configurable: true });
	},
	preventExtensions: () => false,
	setPrototypeOf: () => false,
};

const isMethod = (key: PropertyKey): key is 'run' | 'clear' => key === 'run' || key === 'clear';

const isOwn = (key: string) => isMethod(key) || key === 'constructor' || key === 'toString';

/** The rarer reads: symbols, and the names that a Local answers for itself. */
function member(target: Target, key: string | symbol): unknown {
	if (typeof key === 'symbol') {
		return key in target ? Reflect.get(target, key) : valuesInForce(target[state])[key];
	}
	if (key !== 'toString') return Reflect.get(target, key);
	const { toString: ofValues } = valuesInForce(target[state]);
	return ofValues === Object.prototype.toString ? Reflect.get(target, key) : ofValues;
}
