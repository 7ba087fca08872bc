/** Something held, to be given back once: `using held = await lock.hold()`, or `held.release()` in a `finally`. */
export class Held {
	#giveBack: (() => void) | undefined;

	constructor(giveBack: () => void) {
		this.#giveBack = giveBack;
	}

	/** Gives it back. Further calls do nothing. */
	release(): void {
		const giveBack = this.#giveBack;
		this.#giveBack = undefined;
		giveBack?.();
	}

	[Symbol.dispose](): void {
		this.release();
	}
}
