import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { kindOf } from '@conc/core';

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
	const { target, args, name, daemon, resourceLimits, transfer, signal } = options;
	if (typeof target !== 'function') throw new TypeError(`target must be a function, not ${kindOf(target)}`);
	check('args', 'an array', args, Array.isArray(args));
	check('name', 'a string', name, typeof name === 'string');
	check('daemon', 'a boolean', daemon, typeof daemon === 'boolean');
	check(
		'resourceLimits',
		'an object',
		resourceLimits,
		typeof resourceLimits === 'object' && resourceLimits !== null,
	);
	check('transfer', 'an array', transfer, Array.isArray(transfer));
	check('signal', 'an AbortSignal', signal, signal instanceof AbortSignal);
}

function check(name: string, what: string, value: unknown, holds: boolean): void {
	if (value !== undefined && !holds) throw new TypeError(`${name} must be ${what}, not ${kindOf(value)}`);
}
