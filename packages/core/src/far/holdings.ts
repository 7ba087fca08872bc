import { realm } from '../realm.js';

/** What a thread takes and is to give back: a lock. */
export interface Holding {
	/** For messages: `Lock "jobs"`. */
	readonly label: string;
	/** Whether this thread has it. */
	readonly isMine: boolean;
	/** Whether it is noted, and need not be when it is taken again. */
	isNoted: boolean;
}

const MOST_NOTED = 1_000;

/** What this thread has taken, so that a call which leaves something behind can be told. */
class Holdings {
	#isWatched = false;
	readonly #noted: Holding[] = [];
	/** With so many it is looked which of them are to be forgotten. */
	#most = MOST_NOTED;
	/** How many of them were there before the call that runs. */
	#before = 0;
	readonly #told = new WeakSet<Holding>();

	/** From now on calls run here one after the other, and are asked what they leave. */
	watch(): void {
		this.#isWatched = true;
	}

	/** Something was taken that is not noted. */
	note(holding: Holding): void {
		holding.isNoted = true;
		if (!this.#isWatched) return;
		this.#noted.push(holding);
		if (this.#noted.length < this.#most) return;
		this.#forget(this.#before);
		this.#most = Math.max(MOST_NOTED, 2 * this.#noted.length);
	}

	/** Forgets what has been given back; of the first so many that is left for later. */
	#forget(from: number): void {
		for (const holding of this.#noted.splice(from)) {
			holding.isNoted = holding.isMine;
			if (holding.isNoted) this.#noted.push(holding);
		}
	}

	/** A call begins. What this thread has now is not its fault. */
	begin(): void {
		if (this.#noted.length === 0) return;
		this.#forget(0);
		this.#before = this.#noted.length;
	}

	/** It is over. Warns of what it took and has not given back, once of each. */
	end(call: () => string): void {
		for (let at = this.#before; at < this.#noted.length; at++) {
			const holding = this.#noted[at] as Holding;
			if (!holding.isMine || this.#told.has(holding)) continue;
			this.#told.add(holding);
			process.emitWarning(
				`${holding.label} is still held by this worker after ${call()}, which took it\n` +
					'  → release it in a finally, or use with()',
				{ code: 'CONC_LOCK_LEFT_HELD' },
			);
		}
	}
}

export const holdings = (): Holdings => realm('holdings', () => new Holdings());
