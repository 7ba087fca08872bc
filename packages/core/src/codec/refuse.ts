import { types } from 'node:util';
import { builtinPath } from '../capture/builtin.js';
import { hasPrivateMembers } from '../capture/class.js';
import { describe } from '../capture/describe.js';
import { CannotCross } from '../errors.js';

/** The refusal of an object that is bound to this thread. */
export function cannotCopy(value: object): CannotCross {
	return new CannotCross(
		`is ${kindOf(value)}, which cannot be copied`,
		'open or make it inside the function, or export the function from a module of its own',
	);
}

function kindOf(value: object): string {
	if (types.isGeneratorObject(value)) return 'a generator that is running';
	return article(value.constructor?.name || 'object of an unknown class');
}

function article(name: string): string {
	return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** The refusal of what is more than data, where only data is sent. */
export function notData(what: string): CannotCross {
	return new CannotCross(
		`is ${what}, and only data is sent over a connection`,
		'send the data it stands for as plain objects, and make it there',
	);
}

/** Refuses the instances of a class that keeps state where a copy does not reach; `usual` is what gets copied. */
export function refuseHiddenState(Class: object, usual: object): void {
	for (
		let at: unknown = Class;
		typeof at === 'function' && at !== Function.prototype;
		at = Object.getPrototypeOf(at)
	) {
		if (at.prototype === usual) return;
		if (builtinPath(at) !== undefined) throw cannotCopy({ constructor: Class });
		const description = describe(at);
		if (description.type === 'native') throw cannotCopy({ constructor: Class });
		if (description.type === 'bound') continue;
		const isPrivate =
			description.type === 'revived' ? description.template.isPrivate : hasPrivateMembers(description.found);
		if (!isPrivate) continue;
		throw new CannotCross(
			`is an instance of ${at.name}, whose #private members cannot be copied`,
			`send plain data and make the ${at.name} there`,
		);
	}
}

/** Properties named by symbols would be lost in silence. */
export function refuseSymbols(value: object): void {
	for (const symbol of Object.getOwnPropertySymbols(value)) {
		if (!Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
		throw new CannotCross(
			`has a property named by ${String(symbol)}, which would be lost`,
			'name the property by a string, or make it non-enumerable',
		);
	}
}

/** A Date or RegExp is sent without properties it was given besides; a detached buffer has nothing to send. */
export function refuseLoss(value: object): void {
	if (isDetached(value))
		throw new CannotCross('is a buffer that was moved before', 'send it before it is moved, or a copy of it');
	if (!types.isDate(value) && !types.isRegExp(value)) return;
	const [key] = Object.keys(value);
	if (key === undefined) return;
	throw new CannotCross(
		`has a property \`${key}\` of its own, which would be lost`,
		'put it beside the value',
	);
}

function isDetached(value: object): boolean {
	const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
	if (!(buffer instanceof ArrayBuffer) || buffer.byteLength > 0) return false;
	try {
		new Uint8Array(buffer);
		return false;
	} catch {
		return true;
	}
}
