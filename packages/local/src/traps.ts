import { valuesInForce, valuesMade, valuesToChange } from './scope.js';
import { refused, type State, type Values } from './state.js';

/** The key under which a Local shows its state to every copy of this package. */
export const state: unique symbol = Symbol.for('@conc/local:state') as never;

/**
 * A Local behaves as the object of the values in force would, except that its methods stay its own. They are in the
 * prototype of the target, which has nothing else.
 *
 * One for each Local, with `get` of its own: the engine finds that sooner than in a prototype, and it the state.
 */
export class Traps implements ProxyHandler<object> {
	readonly get: (target: object, key: PropertyKey) => unknown;
	readonly #own: State;

	constructor(own: State) {
		this.#own = own;
		const isStore = own.inherit === 'store'; // its values may be no object
		this.get = (target, key) => {
			if (typeof key === 'symbol') return bySymbol(own, target, key);
			// Mostly the scope in force is the one entered last. Found here, as a function less is a tenth of the time.
			const entered = own.scopes?.getStore();
			const isOwn = entered?.state === own && !isStore;
			const value = (isOwn ? (entered.scope.values as Values | undefined) : valuesMade(own))?.[key];
			return value === undefined || typeof value === 'function' ? rarer(own, target, key) : value;
		};
	}

	set(_target: object, key: PropertyKey, value: unknown): boolean {
		const own = this.#own;
		if (isMethod(key)) throw refused(own, key);
		valuesToChange(own)[key] = value;
		return true;
	}

	has(target: object, key: PropertyKey): boolean {
		return key in target || key in valuesInForce(this.#own);
	}

	deleteProperty(_target: object, key: PropertyKey): boolean {
		return Reflect.deleteProperty(valuesToChange(this.#own), key);
	}

	ownKeys(): (string | symbol)[] {
		return Reflect.ownKeys(valuesInForce(this.#own));
	}

	/** A Proxy may only show as fixed what its target has as well, so every property is shown as configurable. */
	getOwnPropertyDescriptor(_target: object, key: PropertyKey): PropertyDescriptor | undefined {
		const found = Reflect.getOwnPropertyDescriptor(valuesInForce(this.#own), key);
		return found && { ...found, configurable: true };
	}

	defineProperty(_target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
		if (isMethod(key)) throw refused(this.#own, key);
		if (descriptor.configurable === false) return false;
		return Reflect.defineProperty(valuesToChange(this.#own), key, { ...descriptor, configurable: true });
	}

	preventExtensions(): boolean {
		return false;
	}

	setPrototypeOf(): boolean {
		return false;
	}
}

function bySymbol(own: State, target: object, key: symbol): unknown {
	if (key === state) return own;
	if (asksWhatItIs.includes(key)) return valuesMade(own)?.[key];
	return key in target ? Reflect.get(target, key) : valuesInForce(own)[key];
}

/** A value that is not there yet or is a function, and the names that a Local answers for itself. */
function rarer(own: State, target: object, key: PropertyKey): unknown {
	if (isMethod(key)) return Reflect.get(target, key);
	const made = valuesMade(own);
	if (key === 'constructor' && !(made !== undefined && Object.hasOwn(made, key)))
		return Reflect.get(target, key);
	if (made === undefined && asksWhatItIs.includes(key)) return Reflect.get(target, key);
	const values = made ?? valuesInForce(own);
	const value = values[key];
	if (key === 'toString' && value === Object.prototype.toString) return Reflect.get(target, key);
	if (value === undefined) return Reflect.get(target, key);
	if (typeof value === 'function' && own.inherit === 'store') return value.bind(values);
	return value;
}

/** Whoever looks what it is, awaits it or makes it a string makes no values. */
const asksWhatItIs: readonly PropertyKey[] = [
	Symbol.toStringTag,
	Symbol.toPrimitive,
	'then',
	'toString',
	'valueOf',
];

const isMethod = (key: PropertyKey): key is 'run' | 'clear' => key === 'run' || key === 'clear';
