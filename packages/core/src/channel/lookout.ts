import { now } from '../clock.js';
import { Patience } from './patience.js';

/** For so long it looks: to be woken by the event loop takes as long. */
const LOOK_MS = 0.1;
/** The event loop has its turn again after so long, however much comes. */
const STAY_MS = 1;

/** Looks for a moment whether the next thing comes, before the event loop comes round to it. */
export class Lookout {
	readonly #patience: Patience;
	#staysUntil = 0;
	#isDue = false;

	/** @param hasCome takes what has come */
	constructor(hasCome: () => boolean) {
		this.#patience = new Patience(LOOK_MS, hasCome);
	}

	/** The event loop has come round to it. */
	rouse(): void {
		this.#staysUntil = now() + STAY_MS;
	}

	/** Looks once what is being done is done, if `isOfUse` says so then. */
	look(isOfUse: () => boolean): void {
		if (this.#isDue) return;
		this.#isDue = true;
		process.nextTick(() => {
			this.#isDue = false;
			if (now() < this.#staysUntil && isOfUse()) this.#patience.look();
		});
	}
}
