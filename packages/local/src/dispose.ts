import { leaveWill, realm, type Will } from '@conc/core';
import type { Values } from './state.js';

type Dispose = (values: Values) => void;

interface Pending {
	readonly dispose: Dispose;
	/** By which it is done from outside, where this thread or process ends without a word. */
	readonly will: Will | undefined;
}

/** The values to be disposed of when this thread ends. The listener is installed with the first of them. */
const pending = () =>
	realm('values to dispose of', () => {
		const disposals = new Map<Values, Pending>();
		process.once('exit', () => disposeAll(disposals));
		return disposals;
	});

/** Has `dispose` called with the values when this thread ends, once. Gives what is told when they have changed. */
export function disposeAtEnd(values: Values, dispose: Dispose, label: string): Will | undefined {
	const known = pending().get(values);
	if (known !== undefined) return known.will;
	const will = leaveWill(label, dispose, values);
	pending().set(values, { dispose, will });
	return will;
}

/** Disposes of the values now instead. */
export function disposeNow(values: Values): void {
	const found = pending().get(values);
	if (!pending().delete(values)) return;
	found?.will?.revoke();
	found?.dispose(values);
}

/** One that throws does not keep the others from being called; what was thrown is thrown in the end. */
function disposeAll(disposals: Map<Values, Pending>): void {
	const errors: unknown[] = [];
	for (const [values, { dispose, will }] of disposals) {
		will?.revoke();
		try {
			dispose(values);
		} catch (error) {
			errors.push(error);
		}
	}
	disposals.clear();
	if (errors.length === 1) throw errors[0];
	if (errors.length > 1) throw new AggregateError(errors, 'several values could not be disposed of');
}
