import { type FarHandle, type Operations, operations } from '@conc/core';
import { ManagerProxy, type Surface } from './proxy.js';
import type { Wording, Words } from './reference.js';

type Members = Record<string, unknown>;

/** Does with an object of a manager what its proxies ask for. */
export class Servant {
	static readonly [operations]: Operations = { calls: ['invoke', 'look'] };
	readonly #object: object;
	readonly #handle: FarHandle;
	readonly #surface: Surface;
	readonly #wording: Wording;
	#proxy: WeakRef<ManagerProxy> | null = null;

	constructor(object: object, handle: FarHandle, wording: Wording) {
		this.#object = object;
		this.#handle = handle;
		this.#surface = handle.detail as Surface;
		this.#wording = wording;
	}

	get id(): number {
		return this.#handle.id;
	}

	/** Whether something in this thread has its proxy: another object of the manager. */
	get isKept(): boolean {
		return this.#proxy?.deref() !== undefined;
	}

	/** What stands for it in other objects of the manager, and in answers. @param isNew is called when one is made */
	proxy(isNew: (proxy: ManagerProxy) => void): ManagerProxy {
		const known = this.#proxy?.deref();
		if (known !== undefined) return known;
		const proxy = new ManagerProxy(this.#handle, this.#object);
		this.#proxy = new WeakRef(proxy);
		isNew(proxy);
		return proxy;
	}

	/** Calls a method. */
	async invoke(name: unknown, words: unknown): Promise<Words> {
		const { type, methods } = this.#surface;
		if (!methods.includes(name as string)) {
			const known = methods.length === 0 ? 'it has none' : methods.join(', ');
			throw new TypeError(
				`${type} has no method ${String(name).slice(0, 80)} that others may call: ${known}`,
			);
		}
		const args = this.#wording.read(words as Words) as unknown[];
		const method = (this.#object as Members)[name as string] as (...args: unknown[]) => unknown;
		const result = await method.apply(this.#object, args);
		return this.#wording.write(result, `what ${String(name)} of ${type} returned`, 'result');
	}

	/** Reads a property. */
	look(name: unknown): Words {
		if (!this.#surface.states.includes(name as string))
			throw new TypeError(`it has no ${String(name).slice(0, 80)}`);
		return this.#wording.write((this.#object as Members)[name as string], `its ${String(name)}`, 'value');
	}
}

/** The methods of an object that others may call, where nobody has said which: all that are not private by name. */
export function publicMethods(object: object): string[] {
	const names = new Set<string>();
	for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
		for (const name of Object.getOwnPropertyNames(at)) {
			const { value } = Object.getOwnPropertyDescriptor(at, name) as PropertyDescriptor;
			if (typeof value === 'function' && name !== 'constructor' && !/^[_#]/.test(name)) names.add(name);
		}
	}
	return [...names];
}
