import { now } from '../clock.js';

/** After so many looks in vain it is only looked now and then: where the machine has other things to do, it would be in the way. */
const MOST_IN_VAIN = 4;
const TRY_AGAIN = 64;

/** Looks for a while whether something has come, where that is of use: to sleep and be woken takes longer. */
export class Patience {
	readonly #ms: number;
	readonly #hasCome: () => boolean;
	#inVain = 0;
	#rests = 0;

	constructor(ms: number, hasCome: () => boolean) {
		this.#ms = ms;
		this.#hasCome = hasCome;
	}

	/** Whether something has come. */
	look(): boolean {
		if (this.#inVain >= MOST_IN_VAIN && this.#rests++ % TRY_AGAIN !== 0) return false;
		for (const until = now() + this.#ms; now() < until; )
			if (this.#hasCome()) {
				this.#inVain = 0;
				return true;
			}
		this.#inVain++;
		return false;
	}
}
