import type { PoolSettings } from '../options.js';

/** So many workers in a row that die without a task done, within so long, are not replaced any more. */
const RESTART_LIMIT = 5;
const DEATHS_MS = 10_000;

/** How often workers may die before to replace them is of no use. */
export class RestartLimit {
	readonly limit: number;
	/** When workers died since the last task that was done. */
	#deaths: number[] = [];

	constructor({ restartLimit = RESTART_LIMIT }: PoolSettings) {
		this.limit = restartLimit;
	}

	/** A worker died: whether that is one too many. */
	countDeath(): boolean {
		const now = performance.now();
		this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_MS), now];
		return this.#deaths.length >= this.limit;
	}

	/** A task was done. */
	reset(): void {
		if (this.#deaths.length > 0) this.#deaths = [];
	}
}
