import { now } from '../clock.js';
import { realm } from '../realm.js';

/** What a call that runs can know of itself, and tell the one who made it. */
export interface CurrentCall {
	/** As its caller calls it; else the name of the function, which may be empty. */
	readonly name: string;
	/**
	 * Aborted when the caller does not want the result any more, with the reason. A loop that never waits can ask
	 * `signal.aborted` of a fresh `currentCall()` each time round.
	 */
	readonly signal: AbortSignal;
	/** Hands a value to whoever made the call. Throws a CaptureError for what cannot cross. */
	progress(value: unknown): void;
}

const holder = () => realm('current call', () => ({ get: (): CurrentCall | null => null }));

/** The call that runs in this thread or process of a pool; null where none does. */
export function currentCall(): CurrentCall | null {
	return holder().get();
}

/** From now on `get` tells which call runs. */
export function tellCurrentCall(get: () => CurrentCall | null): void {
	holder().get = get;
}

/** How a call that runs reaches the one who made it. */
interface Line {
	listens(): void;
	/** Takes in what has arrived, though this thread has not come round to its event loop. */
	look(): void;
	progress(value: unknown): void;
}

const LOOK_MS = 1;

/** The call that runs, made when it is first asked for. */
export class RunningCall implements CurrentCall {
	readonly name: string;
	readonly #line: Line;
	#controller: AbortController | null = null;
	#lookedAt = 0;

	constructor(name: string, line: Line) {
		this.name = name;
		this.#line = line;
	}

	get signal(): AbortSignal {
		if (this.#controller === null) {
			this.#controller = new AbortController();
			this.#line.listens();
		}
		const at = now();
		if (at - this.#lookedAt > LOOK_MS) {
			this.#lookedAt = at;
			this.#line.look();
		}
		return this.#controller.signal;
	}

	progress(value: unknown): void {
		this.#line.progress(value);
	}

	abort(reason: unknown): void {
		this.#controller?.abort(reason);
	}
}
