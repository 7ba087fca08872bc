import { checkObject } from '@conc/core';
import { type Settings, title } from './state.js';

/** What a user may give, before it is known to be right. */
export interface Options {
	readonly name?: string | undefined;
	readonly init?: (() => object) | undefined;
	readonly dispose?: ((values: never) => void) | undefined;
	readonly inherit?: boolean | readonly PropertyKey[] | undefined;
}

/** @throws TypeError for what a Local cannot be made with. */
export function settingsOf(options: Options): Settings {
	checkObject('options', options, "such as { name: 'shop.request' }");
	const { name, init, dispose, inherit = false } = options;
	const settings: Settings = { name, init, dispose: dispose as Settings['dispose'], inherit };
	if (name !== undefined && typeof name !== 'string') throw new TypeError('the name of a Local is a string');
	for (const key of ['init', 'dispose'] as const) {
		if (settings[key] !== undefined && typeof settings[key] !== 'function') {
			throw new TypeError(`${title(settings)}: ${key} is not a function`);
		}
	}
	if (typeof inherit !== 'boolean' && !Array.isArray(inherit)) {
		throw new TypeError(`${title(settings)}: inherit is neither true nor an array of keys`);
	}
	if (inherit !== false && name === undefined) {
		throw new TypeError(
			"a Local that inherits needs a name, by which the other side knows it: new Local({ name: 'shop.request', inherit: true })",
		);
	}
	return settings;
}
