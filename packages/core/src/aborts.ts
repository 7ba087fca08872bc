import { realm } from './realm.js';

const followers = () => realm('abort followers', () => new WeakMap<AbortSignal, Set<() => void>>());

/**
 * Calls `abort` when the signal is aborted; what it returns ends that and leaves no trace. There is one listener for all
 * who follow a signal, since Node warns of more than ten.
 */
export function follow(signal: AbortSignal, abort: () => void): () => void {
	let known = followers().get(signal);
	if (known === undefined) {
		known = new Set();
		followers().set(signal, known);
		signal.addEventListener('abort', tell);
	}
	const all = known;
	all.add(abort);
	return () => {
		if (!all.delete(abort) || all.size > 0) return;
		followers().delete(signal);
		signal.removeEventListener('abort', tell);
	};
}

function tell({ target }: Event): void {
	for (const abort of [...(followers().get(target as AbortSignal) ?? [])]) abort();
}
