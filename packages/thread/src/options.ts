import type { ResourceLimits, Transferable } from 'node:worker_threads';

/** How a thread is started. */
export interface ThreadOptions {
	/** Any string; `Thread-1`, `Thread-2`, … when left out. */
	readonly name?: string;
	/** A daemon is ended with the one that started it; others are waited for. Inherited when left out. */
	readonly daemon?: boolean;
	/** Heap limits in MB; exceeding one ends this thread and nothing else. */
	readonly resourceLimits?: ResourceLimits;
	/** ArrayBuffers and MessagePorts that move to the thread instead of being copied. */
	readonly transfer?: readonly Transferable[];
	/** Aborting it terminates the thread; `result` then rejects with `signal.reason`. */
	readonly signal?: AbortSignal;
}

/** Throws a TypeError for what is not an option's value. */
export function checkOptions(options: ThreadOptions & { target: unknown; args?: unknown }): void {
	const { target, args, name, daemon, signal } = options;
	if (typeof target !== 'function') throw new TypeError(`target must be a function, not ${kindOf(target)}`);
	if (args !== undefined && !Array.isArray(args))
		throw new TypeError(`args must be an array, not ${kindOf(args)}`);
	if (name !== undefined && typeof name !== 'string')
		throw new TypeError(`name must be a string, not ${kindOf(name)}`);
	if (daemon !== undefined && typeof daemon !== 'boolean') {
		throw new TypeError(`daemon must be a boolean, not ${kindOf(daemon)}`);
	}
	if (signal !== undefined && !(signal instanceof AbortSignal)) {
		throw new TypeError(`signal must be an AbortSignal, not ${kindOf(signal)}`);
	}
}

function kindOf(value: unknown): string {
	return value === null ? 'null' : `a ${typeof value}`;
}
