import { realm } from '@conc/core';
import type { Values } from './state.js';

type Dispose = (values: Values) => void;

/** The values to be disposed of when this thread ends. The listener is installed with the first of them. */
const pending = () =>
	realm('values to dispose of', () => {
		const disposals = new Map<Values, Dispose>();
		process.once('exit', () => disposeAll(disposals));
		return disposals;
	});

/** Has `dispose` called with the values when this thread ends, once, however often this is asked. */
export function disposeAtEnd(values: Values, dispose: Dispose): void {
	pending().set(values, dispose);
}

/** Disposes of the values now instead. */
export function disposeNow(values: Values, dispose: Dispose): void {
	if (pending().delete(values)) dispose(values);
}

/** One that throws does not keep the others from being called; what was thrown is thrown in the end. */
function disposeAll(disposals: Map<Values, Dispose>): void {
	const errors: unknown[] = [];
	for (const [values, dispose] of disposals) {
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
