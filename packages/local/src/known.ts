import { realm } from '@conc/core';
import { isSamePlace, isSameSite, type Site } from './site.js';
import { type Inherit, newState, type Settings, type State, title } from './state.js';

/** What a Local is to the other side. `init` and `dispose` cross as functions do. */
export interface Handle extends Settings {
	readonly id: string;
}

interface Known {
	/** Those that inherit, by name, and those that came from elsewhere: their values must be there for the next task. */
	readonly kept: Map<string, State>;
	/** Those that were sent from here, so that one that comes back is the one that went. */
	readonly sent: Map<string, WeakRef<State>>;
	readonly collected: FinalizationRegistry<string>;
}

const known = () =>
	realm<Known>('known locals', () => {
		const sent = new Map<string, WeakRef<State>>();
		return { kept: new Map(), sent, collected: new FinalizationRegistry((id) => sent.delete(id)) };
	});

/**
 * The state of a Local that is made here: of its own, or if it inherits, that of its name. Only a module that is loaded
 * twice makes two of one name.
 */
export function stateFor(settings: Settings, site: () => Site): State {
	if (settings.inherit === false || settings.name === undefined) return newState(settings);
	const found = known().kept.get(settings.name) ?? keep(settings, settings.name);
	const here = site();
	if (found.site === undefined)
		found.site = here; // one that came from elsewhere is made where its module says
	else if (!isSameSite(found.site, here)) throw twice(found.site, here, settings.name);
	if (describe(found.inherit) !== describe(settings.inherit)) {
		throw new TypeError(
			`${title(settings)} is to inherit ${describe(settings.inherit)}, but there is one of that name here ` +
				`that inherits ${describe(found.inherit)}; give one of them another name`,
		);
	}
	return found;
}

function twice(former: Site, here: Site, name: string): TypeError {
	if (isSamePlace(former, here)) {
		return new TypeError(
			`the Local that inherits and is named ${JSON.stringify(name)} was made already, by the same code at ${here.shown}\n` +
				'  → make it once, at the top level of a module, and use that one (a function that runs elsewhere captures it), ' +
				'or give each a name of its own',
		);
	}
	return new TypeError(
		`there are two Locals that inherit and are named ${JSON.stringify(name)}: one made at ${former.shown}, ` +
			`one at ${here.shown}\n  → give one of them another name, or export one Local and import it in both places`,
	);
}

/** The state in this thread of a Local that came from elsewhere. */
export function stateOf(handle: Handle): State {
	const { id, ...settings } = handle;
	return known().kept.get(id) ?? known().sent.get(id)?.deref() ?? keep(settings, id);
}

/** The handle by which the other side will know it. */
export function handleOf(state: State): Handle {
	const { name, init, dispose, inherit } = state;
	return { id: state.id ?? identify(state), name, init, dispose, inherit };
}

function keep(settings: Settings, id: string): State {
	const state = newState(settings, id);
	known().kept.set(id, state);
	return state;
}

function identify(state: State): string {
	const id = crypto.randomUUID();
	state.id = id;
	known().sent.set(id, new WeakRef(state));
	known().collected.register(state, id);
	return id;
}

function describe(inherit: Inherit): string {
	if (typeof inherit === 'object') return inherit.map(String).join(', ');
	return inherit === 'store' ? "an AsyncLocalStorage's store" : 'everything';
}
