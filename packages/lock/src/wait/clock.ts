import { clearTimeout, setTimeout } from 'node:timers';
import { realm } from '@conc/core';
import { type Due, Heap } from './heap.js';

/** What the clock calls when it is due. It is then off the clock. */
export interface Alarm extends Due {
	ring(): void;
}

/** Node fires a longer timer after 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The thread's one timer for all asynchronous waits.
 *
 * As long as a wait is on the clock the timer keeps the process alive, which a pending `Atomics.waitAsync` does not.
 */
class Clock {
	readonly #alarms = new Heap<Alarm>();
	#timer: NodeJS.Timeout | undefined;
	#ringsAt = Number.POSITIVE_INFINITY;

	/** Calls `alarm.ring()` at `due`, a time of `performance.now()`; in place of an earlier order. */
	set(alarm: Alarm, due: number): void {
		this.#alarms.remove(alarm);
		alarm.due = due;
		this.#alarms.add(alarm);
		this.#arm();
	}

	unset(alarm: Alarm): void {
		this.#alarms.remove(alarm);
		// Only the hold on the process goes: the next wait finds a timer that already runs.
		if (this.#alarms.first === undefined) this.#timer?.unref();
	}

	#arm(): void {
		const first = this.#alarms.first;
		if (first === undefined) return;
		if (this.#timer !== undefined && this.#ringsAt <= first.due) {
			this.#timer.ref();
			return;
		}
		clearTimeout(this.#timer);
		this.#ringsAt = first.due;
		// Rounded up, or it would fire just before the time and once more.
		const ms = Math.ceil(Math.max(first.due - performance.now(), 0)) || 1;
		this.#timer = setTimeout(() => this.#ring(), Math.min(ms, LONGEST_MS));
	}

	#ring(): void {
		this.#timer = undefined;
		const now = performance.now();
		for (
			let first = this.#alarms.first;
			first !== undefined && first.due <= now;
			first = this.#alarms.first
		) {
			this.#alarms.remove(first);
			first.ring();
		}
		this.#arm();
	}
}

export const clock = (): Clock => realm('lock clock', () => new Clock());

/** A thread may be held up between two readings, which can only make it less. */
const READINGS = 3;

const offset = () =>
	realm('lock clock offset', () => Math.max(...Array.from({ length: READINGS }, measuredOffset)));

function measuredOffset(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1e3 + nanoseconds / 1e6 - performance.now();
}

/** Microseconds on a clock that all threads share, but for a few, wrapped to 32 bits. */
export function micros(): number {
	return ((performance.now() + offset()) * 1e3) | 0;
}

/** By how much the clock of one thread may be behind that of another. */
const MOST_SKEW_MICROS = 1_000_000;

/** Microseconds from one reading to a later one. Right up to 71 minutes, a small number now and then beyond. */
export function elapsed(since: number, now: number): number {
	const micros = (now - since) >>> 0;
	// Read by a thread whose clock is behind: it was just now, and not 71 minutes ago.
	return micros > 2 ** 32 - MOST_SKEW_MICROS ? 0 : micros;
}
