import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Carrier, revive, ShareableClass } from '@conc/core';
import type { Handle } from './known.js';

/** Values of a Local: any object without the keys that are a Local's methods. */
type Free = object & { run?: never; clear?: never };

interface Common<T> {
	/**
	 * Shown in messages and by `console.log`. With `inherit` it is also how both sides of a call know that they mean
	 * the same Local, so choose one that is yours alone (`'shop.request'`): to make two that inherit and have one name in
	 * one thread is a TypeError, also where the same code makes both, unless its module was loaded twice. So make such a
	 * Local once, at the top level of a module; a function that runs elsewhere captures it. Without, it is a label.
	 */
	readonly name?: string | undefined;
	/**
	 * Which values go along into every Thread, Process and pool task that is started or called here: `true` for all of
	 * them, or those of some keys. They are copied as they are at the call, which throws a CaptureError with the path to
	 * what cannot be copied. Needs a name.
	 */
	readonly inherit?: boolean | readonly (keyof T)[] | undefined;
}

export interface LocalOptions<T extends object> extends Common<T> {
	readonly init?: undefined;
	/** Called with the values when the thread or process ends. See the other `dispose`. */
	dispose?(values: Partial<T>): void;
}

export interface LocalInitOptions<T extends object> extends Common<T> {
	/** Makes the values of a thread, at their first use there. What it throws, the use throws, and the next tries anew. */
	readonly init: () => T;
	/**
	 * Called with the values when the thread or process ends by itself, by an error or by `process.exit()`; and by
	 * `clear()`. Called once for what `init` made, never for the values of a `run` scope. It cannot wait for a promise:
	 * nothing asynchronous runs any more. Such values stay until then. (`__del__` of what a `threading.local` holds)
	 *
	 * One that was terminated, killed, aborted or ran out of memory cannot call it any more. Then whoever started it
	 * does, as soon as it has learned of the end in its event loop. The values are a copy: as `init` made it, and made
	 * anew when a value is set, as soon as the code that set it pauses, and at the end of each task; one that takes long
	 * to make, now and then. What `dispose` throws there is a warning with the code `CONC_WILL_FAILED`, and harms nobody.
	 * It is not called for values that cannot be copied, such as a socket, which the system closes; nor when whoever
	 * started it is gone at the same time; nor, where whoever started it ends by itself, if it needs a module that is not
	 * loaded there, which is told on stderr.
	 */
	dispose?(values: T): void;
}

export interface LocalMethods<T extends object> {
	/**
	 * Runs `fn` with values of its own, for it and everything asynchronous it starts; elsewhere nothing changes.
	 * The scope has a copy of `values` and nothing else: neither what the thread has, nor what `init` would make, and
	 * `dispose` is not called for it. Returns what `fn` returns. (`contextvars.Context.run`)
	 */
	run<R>(values: T, fn: () => R): R;
	/**
	 * Forgets the values in force here. Those of a thread are disposed of and made anew at the next use; a scope is
	 * left empty.
	 */
	clear(): void;
}

/** A Local as a parameter: `function greet(school: Local<School>)`. */
export type LocalOf<T extends object> = Partial<T> & LocalMethods<Partial<T>>;

/**
 * An object whose attributes are different in each thread and each process, and in each `run` scope: set
 * `school.student` in one thread, and another thread sees `undefined`, or what its own `init` made.
 *
 * A Local may be captured by a function that runs elsewhere: there it is the same Local with that thread's values.
 * A value set by one task of a pool worker is there in the next task of that worker, unless values were inherited:
 * then a task has a copy of the thread's values with the inherited ones on top, and it is gone with the task.
 * (`threading.local`; `run` and `inherit` are beyond Python)
 */
export interface LocalConstructor extends ShareableClass<Handle> {
	/** @throws TypeError if `inherit` is given and no name, or a name under which another one inherits in this thread. */
	new <T extends Free>(options: LocalInitOptions<T>): T & LocalMethods<T>;
	new <T extends Free>(options?: LocalOptions<T>): Partial<T> & LocalMethods<Partial<T>>;
	/**
	 * Has the store of an AsyncLocalStorage of yours go along with every call: where the same module is loaded on the
	 * other side, its `als.getStore()` there returns a copy. The Local shows the properties of the store in force, on
	 * the other side also where that module is not loaded. A store that is not an object travels as well.
	 */
	from<T>(
		als: AsyncLocalStorage<T>,
		options: { readonly name: string },
	): T extends Free ? Partial<T> & LocalMethods<T> : LocalMethods<object>;
	[revive](handle: Handle): Carrier;
	readonly prototype: Carrier;
}
