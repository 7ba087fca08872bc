import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import { brokerCaughtUp } from '../broker/home.js';
import type { NearReceiver } from '../channel/channel.js';
import { framed } from '../channel/frames.js';
import { descriptorOf, Outlet } from '../channel/outlet.js';
import { NearProcessChannel } from '../channel/process.js';
import type { Exit } from '../errors.js';
import type { Here } from '../here.js';
import { here as current } from '../here.js';
import { childProcess, os } from '../lazy.js';
import { realm } from '../realm.js';
import { inheritedArguments, processProgram } from './arguments.js';
import { packBoot, textFile } from './boot.js';
import type { Carrier } from './carrier.js';
import { endingOf, StatFile, statOf } from './ending.js';
import { bindToParent } from './guardian.js';
import { Host, living } from './host.js';
import { handOver, type Inherited, stdioOf } from './inherit.js';
import { ended, followStderr, isOutOfMemory } from './stderr.js';
import type { TextFile } from './text-file.js';

export interface ProcessOptions {
	readonly name: string;
	readonly daemon?: boolean;
	readonly runs: Here['runs'];
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	readonly execArgv?: readonly string[];
	/** Of stdin, stdout and stderr. By default stdin is empty and the others are this process's. */
	readonly stdio?: StdioOptions;
	readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number };
	/** Keeps the end of what it says on stderr, for errors; it is passed on to this process's stderr as it comes. */
	readonly keepsStderr?: boolean;
	/** Sockets it has from its start. */
	readonly inherited?: readonly Inherited[];
}

/** How long after the exit of a process its last words may take to arrive. */
const DRAIN_MS = 100;

/** A child without a channel that has not ended after so long will never answer, and is killed. */
const CUT_OFF_MS = 1_000;

/** A host in a process of its own. The child is for handing on its streams. */
export function startProcess(
	options: ProcessOptions,
	path: readonly number[],
): { host: Host; child: ChildProcess } {
	let child: ChildProcess | undefined;
	const host = new Host('process', options.name, options.daemon ?? false, (receiver) => {
		const file = textFile();
		child = launch(options, file);
		return carry(child, options, path, receiver, file);
	});
	return { host, child: child as ChildProcess };
}

function launch(options: ProcessOptions, file: TextFile | null): ChildProcess {
	const { cwd, env, execArgv, resourceLimits, keepsStderr, inherited = [] } = options;
	const { stdio = ['ignore', 'inherit', 'inherit'] } = options;
	const limit = resourceLimits?.maxOldGenerationSizeMb;
	const nodeArguments = [
		...(execArgv ?? inheritedArguments(process.execArgv)),
		...(limit === undefined ? [] : [`--max-old-space-size=${limit}`]),
		'-e',
		processProgram,
	];
	const streams = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
	const { command, args, watch } = bindToParent(process.execPath, nodeArguments);
	realm('exit hook', endChildrenAtExit);
	if (keepsStderr) streams[2] = 'pipe';
	// What the child's own code prints goes straight to fd 4, and only what the engine says takes the way through here.
	const own = keepsStderr ? 2 : 'ignore';
	const child = childProcess().spawn(command, args, {
		cwd,
		env,
		stdio: [...streams.slice(0, 3), 'pipe', own, file?.fd ?? 'ignore', ...stdioOf(inherited)],
		windowsHide: true,
	});
	// Its error event comes later and would be nobody's; the refusal is told now.
	child.on('error', () => {});
	if (child.stdio === undefined || child.stdio[3] === undefined) {
		const error = new Error('the system could not start a process: too many open files or processes');
		throw Object.assign(error, { code: 'EMFILE', syscall: 'spawn' });
	}
	watch(child);
	if (child.pid !== undefined) handOver(inherited, child.stdio);
	return child;
}

function carry(
	child: ChildProcess,
	options: ProcessOptions,
	path: readonly number[],
	receiver: NearReceiver,
	file: TextFile | null,
): Carrier {
	const { name, daemon = false, runs, execArgv } = options;
	const socket = child.stdio[3] as unknown as Socket;
	// Every pipe has a listener from birth: an unheard error of a dead child would end this process.
	for (const stream of child.stdio) stream?.on('error', () => {});
	const here: Here = {
		kind: 'process',
		name,
		daemon,
		runs,
		path,
		parentPid: process.pid,
		parentName: current().process.name,
		process: { name, daemon },
	};
	const argv = process.argv.slice(1);
	const more = {
		argv,
		ownStderr: options.keepsStderr === true,
		execArgv: execArgv ?? inheritedArguments(process.execArgv),
	};
	const boot = packBoot(here, more, file);
	const stderr = options.keepsStderr ? followStderr(child) : () => undefined;
	const outlet = new Outlet(socket, descriptorOf(socket));
	for (const part of boot) outlet.write(...framed(part));
	// Only of those that are asked again and again.
	const stat = runs === 'many' ? statFileOf(child.pid) : null;
	let failure: Error | undefined;
	let cutOff: NodeJS.Timeout | undefined;
	const channel = new NearProcessChannel(socket, outlet, {
		...receiver,
		/** Before a child ends, or because code of the user's has closed or written to the channel. */
		closed(error) {
			failure = error;
			if (error !== undefined) return void child.kill('SIGKILL');
			cutOff = setTimeout(() => {
				if (isDying(child.pid, null)) return;
				failure = new Error('its channel was closed: code in it closed file descriptor 3');
				child.kill('SIGKILL');
			}, CUT_OFF_MS).unref();
		},
	});
	const exited = new Promise<Exit>((resolve) => {
		child.once('error', (error) => {
			if (child.pid === undefined)
				resolve({ exitCode: 1, signalCode: null, reason: 'failed-to-start', error });
		});
		child.once('exit', (code, signal) => {
			clearTimeout(cutOff);
			stat?.close();
			// Who learns of its end finds abandoned what it held.
			const heard = [ended(socket, DRAIN_MS), ended(child.stderr, DRAIN_MS), brokerCaughtUp()];
			void Promise.all(heard).then(() => {
				channel.drain();
				channel.close();
				(child.stderr as Socket | null)?.unref(); // a grandchild may hold it open
				resolve({ ...exitOf(code, signal, stderr()), error: failure });
			});
		});
	});
	return {
		channel,
		id: child.pid ?? -1,
		exited,
		isAlive: () => child.exitCode === null && child.signalCode === null && !isDying(child.pid, stat),
		ending() {
			if (child.pid === undefined) return { exitCode: 1, signalCode: null, reason: 'failed-to-start' };
			const ending = endingOf(child.pid);
			return ending && exitOf(ending.exitCode ?? 1, ending.signalCode, undefined);
		},
		kill: (signal = 'SIGTERM') => void child.kill(signal),
		ref() {
			child.ref();
			channel.ref();
			(child.stderr as Socket | null)?.ref();
		},
		unref() {
			child.unref();
			channel.unref();
			(child.stderr as Socket | null)?.unref();
		},
	};
}

/** A process that ends takes its children along; where it is killed, the guardian does. */
function endChildrenAtExit(): true {
	process.on('exit', () => {
		for (const host of living()) if (host.medium === 'process') void host.terminate();
	});
	return true;
}

/** Where `/proc/PID/stat` shows what it is about, counted from its state. */
const FLAGS_FIELD = 6;
const PENDING_FIELD = 28;
const EXITING_FLAGS = 0x404; // PF_EXITING: it gives back what it has; PF_SIGNALED: a signal has ended it
const SIGKILL_BIT = 1 << (9 - 1); // what every fatal signal is turned into

/**
 * Whether a child has ended, or is about to by a signal that ends it, and its exit event is still to come (Linux;
 * elsewhere nobody knows before the event).
 */
function isDying(pid: number | undefined, stat: StatFile | null): boolean {
	if (process.platform !== 'linux') return false;
	if (pid === undefined) return true; // it did not start
	try {
		const fields = stat === null ? statOf(pid) : stat.read();
		const isExiting = (Number(fields[FLAGS_FIELD]) & EXITING_FLAGS) !== 0;
		return isExiting || /[ZX]/.test(fields[0] ?? '') || (Number(fields[PENDING_FIELD]) & SIGKILL_BIT) !== 0;
	} catch (error) {
		return ['ENOENT', 'ESRCH'].includes((error as { code?: string }).code ?? '');
	}
}

/** Null where there is no such file, or none can be opened any more. */
function statFileOf(pid: number | undefined): StatFile | null {
	if (process.platform !== 'linux' || pid === undefined) return null;
	try {
		return new StatFile(pid);
	} catch {
		return null;
	}
}

function exitOf(code: number | null, signal: NodeJS.Signals | null, stderr: string | undefined): Exit {
	if (signal === null) return { exitCode: code ?? 0, signalCode: null, reason: 'exit', stderr };
	const reason = isOutOfMemory(stderr ?? '') ? 'out-of-memory' : 'signal';
	return { exitCode: -os().constants.signals[signal], signalCode: signal, reason, stderr };
}
