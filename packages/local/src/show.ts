import { type InspectOptions, inspect } from 'node:util';
import { valuesSoFar } from './scope.js';
import { type State, title } from './state.js';

/**
 * `Local "school" { student: 'Bob' }`, the values in force here. Neither makes values nor throws. Who looks behind the
 * Proxy finds no state.
 */
export function show(state: State | undefined, depth: number, options: InspectOptions): string {
	if (state === undefined) return 'Local {}';
	try {
		const values = valuesSoFar(state);
		if (values === undefined) return `${title(state)} {}`;
		return depth < 0 ? `[${title(state)}]` : `${title(state)} ${inspect(values, { ...options, depth })}`;
	} catch {
		return `[${title(state)}, whose values cannot be shown]`;
	}
}
