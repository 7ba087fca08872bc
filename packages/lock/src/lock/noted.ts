import { type Holding, holdings } from '@conc/core';

/** A word that is never free. */
const CLOSED = new Int32Array(new SharedArrayBuffer(4)).fill(1);

/** What the thread's holdings know of when it is taken. */
export abstract class Noted implements Holding {
	abstract readonly label: string;
	abstract readonly isMine: boolean;
	protected abstract readonly words: Int32Array;
	/** Its words, once it is noted: the usual way in goes through here, and has nothing more to look at. */
	protected gate: Int32Array = CLOSED;

	get isNoted(): boolean {
		return this.gate === this.words;
	}

	set isNoted(isNoted: boolean) {
		this.gate = isNoted ? this.words : CLOSED;
	}

	/** The way in by which everybody tries first was closed. False when it is open. */
	protected note(): boolean {
		if (this.isNoted) return false;
		holdings().note(this);
		return true;
	}
}
