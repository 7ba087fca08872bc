import { Stream } from 'node:stream';
import { checkKind, checkObject, kindOf } from '@conc/core';

/** Where one of a process's standard streams leads. */
export type Stdio = 'inherit' | 'ignore' | number | Stream;

/** Where each of the three leads. */
export function streamsOf(stdio: ProcessOptions['stdio']): Stdio[] {
	const [stdin = 'ignore', stdout = 'inherit', stderr = 'inherit'] =
		typeof stdio === 'object' && !(stdio instanceof Stream) ? stdio : [stdio, stdio, stdio];
	return [stdin, stdout, stderr];
}

/** How a process is started. */
export interface ProcessOptions {
	/** Any string; `Process-1`, and `Process-1:2` for a child's child, when left out. */
	readonly name?: string;
	/** A daemon is terminated when its parent ends, others are waited for; a daemon may not have children. */
	readonly daemon?: boolean;
	/** Its working directory; this process's when left out. */
	readonly cwd?: string;
	/** Its environment; this process's when left out. */
	readonly env?: NodeJS.ProcessEnv;
	/** Options of Node for it; this process's when left out, but for those that say what to run. */
	readonly execArgv?: readonly string[];
	/**
	 * Of stdin, stdout and stderr: 'inherit', 'ignore', a file descriptor or a stream that has one. By default stdin is
	 * empty and the others are this process's.
	 */
	readonly stdio?:
		| Stdio
		| readonly [stdin?: Stdio | undefined, stdout?: Stdio | undefined, stderr?: Stdio | undefined];
	readonly resourceLimits?: {
		/** Megabytes; exceeding them ends the process and nothing else. */
		readonly maxOldGenerationSizeMb?: number;
	};
	/** Aborting it terminates the process; `result` then rejects with `signal.reason`. */
	readonly signal?: AbortSignal;
}

/** Throws a TypeError for what is not an option's value. */
export function checkOptions(options: ProcessOptions & { target: unknown; args?: unknown }): void {
	checkObject('options', options ?? null, 'such as { target }');
	const { target, args, name, daemon, cwd, env, execArgv, stdio, resourceLimits, signal } = options;
	if (typeof target !== 'function') throw new TypeError(`target must be a function, not ${kindOf(target)}`);
	checkKind('args', 'an array', args, Array.isArray(args));
	checkKind('name', 'a string', name, typeof name === 'string');
	checkKind('daemon', 'a boolean', daemon, typeof daemon === 'boolean');
	checkKind('cwd', 'a string', cwd, typeof cwd === 'string');
	checkKind('env', 'an object', env, typeof env === 'object' && env !== null);
	checkKind(
		'execArgv',
		'an array of strings',
		execArgv,
		Array.isArray(execArgv) && execArgv.every((arg) => typeof arg === 'string'),
	);
	checkObject('resourceLimits', resourceLimits);
	const limit: unknown = resourceLimits?.maxOldGenerationSizeMb;
	const isLimit = typeof limit === 'number' && limit > 0 && Number.isFinite(limit);
	checkKind('resourceLimits.maxOldGenerationSizeMb', 'a number above 0', limit, isLimit);
	checkKind('signal', 'an AbortSignal', signal, signal instanceof AbortSignal);
	checkStdio(stdio);
}

/** A pipe would have no reader here, and the process would wait for one as soon as it is full. */
function checkStdio(stdio: unknown): void {
	const streams: unknown[] = Array.isArray(stdio) ? stdio : [stdio];
	if (streams.length > 3) throw new TypeError('stdio must be of stdin, stdout and stderr, and no more');
	for (const one of streams) {
		if (one === undefined || one === 'inherit' || one === 'ignore') continue;
		if (typeof one === 'number' || one instanceof Stream) continue;
		const found = typeof one === 'string' ? `'${one}'` : kindOf(one);
		throw new TypeError(`stdio must be 'inherit', 'ignore', file descriptors or streams, not ${found}`);
	}
}
