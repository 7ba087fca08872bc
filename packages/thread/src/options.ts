import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { checkKind, checkObject, kindOf } from '@conc/core';

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
	checkObject('options', options ?? null, 'such as { target }');
	const { target, args, name, daemon, resourceLimits, transfer, signal } = options;
	if (typeof target !== 'function') throw new TypeError(`target must be a function, not ${kindOf(target)}`);
	checkKind('args', 'an array', args, Array.isArray(args));
	checkKind('name', 'a string', name, typeof name === 'string');
	checkKind('daemon', 'a boolean', daemon, typeof daemon === 'boolean');
	checkObject('resourceLimits', resourceLimits);
	for (const [key, limit] of Object.entries(resourceLimits ?? {})) {
		checkKind(`resourceLimits.${key}`, 'a number above 0', limit, typeof limit === 'number' && limit > 0);
	}
	checkKind('transfer', 'an array', transfer, Array.isArray(transfer));
	checkKind('signal', 'an AbortSignal', signal, signal instanceof AbortSignal);
}
