import {
	MessageChannel,
	type ResourceLimits,
	SHARE_ENV,
	Worker,
	type WorkerOptions,
} from 'node:worker_threads';
import type { NearReceiver } from '../channel/channel.js';
import { type Lanes, makeLanes, NearThreadChannel } from '../channel/thread.js';
import { now } from '../clock.js';
import type { Exit } from '../errors.js';
import { type Outputs, outputs } from '../far/output.js';
import type { Here } from '../here.js';
import { here as current } from '../here.js';
import { Registry, type ThreadId } from '../liveness/registry.js';
import { code } from '../texts.js';
import { bootKey, inheritedArguments, threadProgram, withoutOptions } from './arguments.js';
import { type Boot, shareBoot } from './boot.js';
import type { Carrier } from './carrier.js';
import { Host } from './host.js';

export interface ThreadOptions {
	readonly name: string;
	readonly daemon?: boolean;
	readonly runs: Here['runs'];
	readonly resourceLimits?: ResourceLimits;
	readonly env?: NodeJS.ProcessEnv;
	readonly execArgv?: readonly string[];
	/** The descriptors to which it prints; those of this thread when left out. */
	readonly stdout?: number | undefined;
	readonly stderr?: number | undefined;
	/** A thread of ours, of which users see nothing. */
	readonly isService?: boolean;
}

/** What the far side of a thread has from its `workerData`. */
export interface ThreadBoot extends Boot {
	readonly lanes: Lanes;
	readonly registry: SharedArrayBuffer;
	readonly record: ThreadId;
	/** To which descriptors it prints. */
	readonly outputs: Outputs;
	/** What the engine made of the far text before; null when this thread is the first. */
	readonly code: Uint8Array | null;
}

/** Room for small calls and answers on their way; of one call it takes next to nothing. */
const LANE_BYTES = { one: 0x8000, many: 0x4_0000 };

/** A thread that was terminated runs no more code after so long: the engine stops it at the next loop or call. */
const STOP_MS = 50;

/** A host in a thread of this process, with its record in the registry. */
export function startThread(
	options: ThreadOptions,
	path: readonly number[],
): { host: Host; record: ThreadId } {
	const registry = Registry.ours();
	registry.self(); // is its maker
	const { name, daemon = false, isService = false } = options;
	const record = registry.add(isService ? null : { name, daemon });
	try {
		const host = new Host('thread', name, daemon, (receiver) => carry(options, path, record, receiver));
		return { host, record };
	} catch (error) {
		registry.cancel(record); // refused: a record nobody frees would stay for ever
		throw error;
	}
}

function carry(
	options: ThreadOptions,
	path: readonly number[],
	record: ThreadId,
	receiver: NearReceiver,
): Carrier {
	const registry = Registry.ours();
	const { name, daemon = false, runs, resourceLimits, env, execArgv } = options;
	const { port1, port2 } = new MessageChannel();
	const { parentPid, parentName, process: ofProcess } = current();
	const here: Here = {
		kind: 'thread',
		name,
		daemon,
		runs,
		path,
		parentPid,
		parentName,
		process: ofProcess,
	};
	const lanes = makeLanes(port2, LANE_BYTES[runs]);
	const boot = {
		...shareBoot(here),
		lanes,
		registry: registry.memory,
		record,
		outputs: { stdout: options.stdout ?? outputs().stdout, stderr: options.stderr ?? outputs().stderr },
		code: code().far,
	};
	const worker = launch(execArgv, {
		eval: true,
		name,
		workerData: { [bootKey]: boot },
		transferList: [port2],
		resourceLimits,
		env: env ?? SHARE_ENV,
	});
	const channel = new NearThreadChannel({ ...lanes, port: port1 }, receiver);
	let failure: unknown;
	let terminatedAt: number | null = null;
	worker.on('error', (error) => {
		failure = error;
	});
	const exited = new Promise<Exit>((resolve) => {
		worker.on('exit', (exitCode) => {
			registry.markDead(record);
			channel.drain();
			channel.close();
			resolve({
				exitCode,
				signalCode: null,
				reason: reasonOf(failure, terminatedAt !== null),
				error: failure,
			});
		});
	});
	return {
		channel,
		id: worker.threadId,
		exited,
		isAlive: () => registry.isAlive(record),
		// Why it ended only the event tells.
		ending() {
			// Where nobody can be asked, it is given time to stop.
			const hasStopped = terminatedAt !== null && now() - terminatedAt > STOP_MS;
			const isEnded = registry.tidOf(record) === null && hasStopped;
			return isEnded || !registry.isAlive(record) ? { exitCode: 1, signalCode: null, reason: 'exit' } : null;
		},
		kill() {
			terminatedAt ??= now();
			registry.cancel(record);
			void worker.terminate();
		},
		ref() {
			worker.ref();
			channel.ref();
		},
		unref() {
			worker.unref();
			channel.unref();
		},
	};
}

/** A worker inherits the options of Node, but for those that say what to run: with `--input-type` it would not start. */
function launch(execArgv: readonly string[] | undefined, options: WorkerOptions): Worker {
	if (execArgv !== undefined) return new Worker(threadProgram, { ...options, execArgv: [...execArgv] });
	const inherited = inheritedArguments(process.execArgv);
	if (inherited.length === process.execArgv.length) return new Worker(threadProgram, options);
	try {
		return new Worker(threadProgram, { ...options, execArgv: inherited });
	} catch (error) {
		return new Worker(threadProgram, { ...options, execArgv: forThreads(inherited, error) });
	}
}

/** Options of the process and the engine a worker has anyway; when it is given them, it refuses to start and names them. */
function forThreads(execArgv: readonly string[], refusal: unknown): string[] {
	const { code, message } = refusal as NodeJS.ErrnoException;
	if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw refusal;
	const refused = `, ${message.slice(message.indexOf(': ') + 2)}, `;
	return withoutOptions(execArgv, (option) => refused.includes(`, ${option}, `));
}

function reasonOf(failure: unknown, terminated: boolean): Exit['reason'] {
	if (terminated) return 'terminated';
	if (failure === undefined) return 'exit';
	const { code } = failure as { code?: unknown };
	if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'out-of-memory';
	return code === 'ERR_WORKER_INIT_FAILED' ? 'failed-to-start' : 'uncaught';
}
