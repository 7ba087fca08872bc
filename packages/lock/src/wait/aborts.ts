import { realm } from '@conc/core';

/** What is told when its signal is aborted. */
export interface Abortable {
	abort(): void;
}

interface Listener {
	readonly waits: Set<Abortable>;
	readonly hear: () => void;
}

const listeners = () => realm('lock abort listeners', () => new WeakMap<AbortSignal, Listener>());

/** Calls `wait.abort()` when the signal is aborted. One listener for all waits of a signal: Node warns beyond ten. */
export function listen(signal: AbortSignal, wait: Abortable): void {
	let listener = listeners().get(signal);
	if (listener === undefined) {
		const waits = new Set<Abortable>();
		const hear = () => {
			for (const waiting of [...waits]) waiting.abort();
		};
		listener = { waits, hear };
		listeners().set(signal, listener);
		signal.addEventListener('abort', hear);
	}
	listener.waits.add(wait);
}

export function unlisten(signal: AbortSignal, wait: Abortable): void {
	const listener = listeners().get(signal);
	if (!listener?.waits.delete(wait) || listener.waits.size > 0) return;
	signal.removeEventListener('abort', listener.hear);
	listeners().delete(signal);
}
