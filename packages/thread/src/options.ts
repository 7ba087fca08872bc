import { writeSync } from 'node:fs';
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
	/**
	 * The file descriptor of this process to which the thread prints in place of stdout, such as that of a file opened with
	 * `openSync('worker.log', 'a')`. The maker's when left out. Must be open until the thread has ended, and is not closed.
	 */
	readonly stdout?: number;
	/** The same in place of stderr; the report of an error goes there too. */
	readonly stderr?: number;
	/** Aborting it terminates the thread; `result` then rejects with `signal.reason`. */
	readonly signal?: AbortSignal;
}

/** Throws a TypeError for what is not an option's value. */
export function checkOptions(options: ThreadOptions & { target: unknown; args?: unknown }): void {
	checkObject('options', options ?? null, 'such as { target }');
	const { target, args, name, daemon, resourceLimits, transfer, signal, stdout, stderr } = options;
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
	checkDescriptor('stdout', stdout);
	checkDescriptor('stderr', stderr);
}

/** Throws where nothing can be written to. */
function checkDescriptor(name: string, fd: unknown): void {
	checkKind(name, 'a file descriptor', fd, typeof fd === 'number');
	if (fd === undefined) return;
	if (!Number.isInteger(fd) || (fd as number) < 0 || (fd as number) > LARGEST_DESCRIPTOR)
		throw new RangeError(`${name} must be a file descriptor, not ${fd}`);
	try {
		writeSync(fd as number, ''); // nothing, which is refused as something would be
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		if (code === 'ENOSPC') return; // it is open, and may have room later
		throw new RangeError(
			`${name} must be a file descriptor that is open for writing, which ${fd} is not (${code})`,
			{ cause },
		);
	}
}

const LARGEST_DESCRIPTOR = 2 ** 31 - 1;
