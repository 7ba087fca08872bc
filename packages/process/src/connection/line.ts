import { readSignal, readTimeout, type WaitOptions, waitFor } from '@conc/core';
import type { Hold } from './hold.js';

/** What somebody waited for. */
export interface Found<T> {
	readonly value: T;
}

/** Takes what somebody waits for: null while it is not there. */
export type Look<T> = () => Found<T> | null;

/** Those who wait, each served in its turn; who stops waiting has taken nothing. */
export class Line {
	readonly #hold: Hold;
	/** Each gives true when it was served. */
	readonly #waiting = new Set<() => boolean>();

	constructor(hold: Hold) {
		this.#hold = hold;
	}

	get isEmpty(): boolean {
		return this.#waiting.size === 0;
	}

	/** Null when time was up. Once it stands in the line, `entered` may serve it at once. */
	async wait<T>(
		look: Look<T>,
		options: WaitOptions | undefined,
		entered: () => void,
	): Promise<Found<T> | null> {
		readTimeout(options);
		readSignal(options)?.throwIfAborted();
		let serve = () => true;
		const served = new Promise<Found<T>>((resolve, reject) => {
			serve = () => {
				try {
					const found = look();
					if (found === null) return false;
					resolve(found);
				} catch (error) {
					reject(error);
				}
				return true;
			};
		});
		this.#waiting.add(serve);
		entered();
		if (!this.#waiting.has(serve)) return served;
		this.#hold.take();
		try {
			await waitFor(served, options);
		} catch (error) {
			if (this.#waiting.delete(serve)) throw error;
		} finally {
			this.#hold.release();
		}
		// Who was served just before the time was up, or the signal aborted, has what it waited for.
		return this.#waiting.delete(serve) ? null : served;
	}

	/** Serves who can be served. */
	serve(): void {
		for (const serve of this.#waiting) {
			if (!serve()) return;
			this.#waiting.delete(serve);
		}
	}
}
