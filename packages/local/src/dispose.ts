import { leaveWill, realm, type Will } from '@conc/core';
import { type State, title, type Values } from './state.js';

type Dispose = (values: Values) => void;

interface Pending {
	readonly values: Values;
	readonly dispose: Dispose;
	/** By which it is done from outside, where this thread or process ends without a word. */
	readonly will: Will | undefined;
}

/**
 * Of which Locals the values are to be disposed of when this thread ends. By Local, as two of them may have the same
 * values. The listener is installed with the first of them.
 */
const pending = () =>
	realm('locals to dispose of', () => {
		const disposals = new Map<State, Pending>();
		process.once('exit', () => disposeAll(disposals));
		return disposals;
	});

/** Has `dispose` called with the values of a Local when this thread ends, once. Gives what is told when they have changed. */
export function disposeAtEnd(state: State, values: Values, dispose: Dispose): Will | undefined {
	const will = leaveWill(`dispose of ${title(state)}`, dispose, values);
	pending().set(state, { values, dispose, will });
	return will;
}

/** Disposes of the values of a Local now instead. */
export function disposeNow(state: State): void {
	const found = pending().get(state);
	if (found === undefined) return;
	pending().delete(state);
	found.will?.revoke();
	found.dispose(found.values);
}

/** One that throws does not keep the others from being called; what was thrown is thrown in the end. */
function disposeAll(disposals: Map<State, Pending>): void {
	const errors: unknown[] = [];
	for (const state of disposals.keys()) {
		try {
			disposeNow(state);
		} catch (error) {
			errors.push(error);
		}
	}
	if (errors.length === 1) throw errors[0];
	if (errors.length > 1) throw new AggregateError(errors, 'several values could not be disposed of');
}
