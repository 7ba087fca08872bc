import { AsyncResource } from 'node:async_hooks';
import { kindOf } from '@conc/core';

/** What a caller may want to be called with. */
export interface CallbackSettings {
	readonly callback?: ((value: never) => void) | undefined;
	readonly errorCallback?: ((error: unknown) => void) | undefined;
}

/** Runs callbacks before anyone who awaits the result. What they throw is the program's own uncaught exception. */
export class Callbacks {
	readonly #callback: ((value: never) => void) | undefined;
	readonly #errorCallback: ((error: never) => void) | undefined;

	/** Null when there are none. */
	static of(settings: CallbackSettings): Callbacks | null {
		const { callback, errorCallback } = settings;
		return callback === undefined && errorCallback === undefined ? null : new Callbacks(settings);
	}

	constructor({ callback, errorCallback }: CallbackSettings) {
		this.#callback = bound('callback', callback);
		this.#errorCallback = bound('errorCallback', errorCallback);
	}

	fulfilled(value: unknown): void {
		const callback = this.#callback;
		if (callback !== undefined) queueMicrotask(() => callback(value as never));
	}

	/** True when there is someone who handles the error. */
	rejected(error: unknown): boolean {
		const callback = this.#errorCallback;
		if (callback !== undefined) queueMicrotask(() => callback(error as never));
		return callback !== undefined;
	}
}

/** In the async context of the call, as promise callbacks are. */
export function bound<T>(
	name: string,
	callback: ((value: T) => void) | undefined,
): ((value: T) => void) | undefined {
	if (callback === undefined) return undefined;
	if (typeof callback !== 'function')
		throw new TypeError(`${name} must be a function, not ${kindOf(callback)}`);
	return AsyncResource.bind(callback);
}
