/** Who wants to hear of a signal: many, by one listener on it, since Node warns of more than ten. */
export class Aborts {
	readonly #followers = new WeakMap<AbortSignal, Set<() => void>>();

	/** Calls `abort` when the signal is aborted; what it returns ends that and leaves no trace. */
	follow(signal: AbortSignal, abort: () => void): () => void {
		const followers = this.#followers.get(signal) ?? this.#listen(signal);
		followers.add(abort);
		return () => followers.delete(abort) && followers.size === 0 && this.#forget(signal);
	}

	#listen(signal: AbortSignal): Set<() => void> {
		const followers = new Set<() => void>();
		this.#followers.set(signal, followers);
		signal.addEventListener('abort', this.#tell, { once: true });
		return followers;
	}

	#forget(signal: AbortSignal): void {
		this.#followers.delete(signal);
		signal.removeEventListener('abort', this.#tell);
	}

	readonly #tell = ({ target }: Event): void => {
		for (const abort of this.#followers.get(target as AbortSignal) ?? []) abort();
	};
}
