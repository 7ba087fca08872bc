import type { Awaitable } from '../wait/awaitable.js';

/** How a condition variable asks a lock for its inner side. */
export const monitor = Symbol('monitor');

/** What a condition variable needs of its lock. */
export interface Monitor {
	/** Whether the caller has it. */
	isHeld(): boolean;
	/** Releases it however often it was taken, for as long as the caller waits. Only for who has it. */
	suspend(): Suspended;
}

/** A lock that is to be taken again. */
export interface Suspended {
	readonly awaitable: Awaitable;
	/** Once it is taken: makes it taken as often as it was. */
	resume(): void;
}
