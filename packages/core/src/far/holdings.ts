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

/** What this thread has taken, so that a call which leaves something behind can be told. */
class Holdings {
	#isWatched = false;
	readonly #noted: Holding[] = [];
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
		if (this.#isWatched) this.#noted.push(holding);
	}

	/** A call begins. What this thread has now is not its fault. */
	begin(): void {
		if (this.#noted.length === 0) return;
		const noted = this.#noted.splice(0);
		for (const holding of noted) holding.isNoted = holding.isMine;
		this.#noted.push(...noted.filter(({ isNoted }) => isNoted));
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
