// What runs first in every thread and process that @conc starts. Built into one text; see tsup.base.ts.
import type { Script } from 'node:vm';
import { Outlet } from '../channel/outlet.js';
import { FarProcessChannel } from '../channel/process.js';
import { FarThreadChannel } from '../channel/thread.js';
import { writeDirectly, writeHeldBack, writeThrough } from '../far/output.js';
import { Server } from '../far/server.js';
import { settleIn } from '../far/settle-in.js';
import { CHANNEL, OWN_STDERR } from '../host/arguments.js';
import type { Boot } from '../host/boot.js';
import type { ThreadBoot } from '../host/thread.js';
import { net } from '../lazy.js';
import { Registry } from '../liveness/registry.js';
import { realm } from '../realm.js';
import { code } from '../texts.js';

/** In the scope of this text. */
declare const boot: StartedThread | ProcessBoot;

type StartedThread = ThreadBoot & {
	/** This text, compiled. */
	readonly script: Script;
};

interface ProcessBoot extends Boot {
	readonly argv: string[];
	readonly execArgv: string[];
	readonly ownStderr: boolean;
}

if ('lanes' in boot) startAsThread(boot);
else startAsProcess(boot);

function startAsThread(boot: StartedThread): void {
	settleIn(boot);
	code().far = boot.code;
	realm('registry', () => Registry.of(boot.registry));
	// The parent gave up on this thread before it ran.
	if (!Registry.ours().attachAs(boot.record)) process.exit();
	afterExit(() => {
		writeHeldBack();
		Registry.ours().markDead(boot.record);
	});
	writeDirectly(boot.outputs);
	const server = new Server('thread', boot.here, (receiver) => new FarThreadChannel(boot.lanes, receiver));
	server.start(boot.code === null ? () => boot.script.createCachedData() : null);
}

/** Calls `last` after all who listen for the end of this thread: those who wait for its end wait for them too. */
function afterExit(last: () => void): void {
	const { emit } = process;
	process.emit = ((event: string, ...args: unknown[]) => {
		try {
			return Reflect.apply(emit, process, [event, ...args]);
		} finally {
			if (event === 'exit') last();
		}
	}) as typeof emit;
}

function startAsProcess({ argv, execArgv, ownStderr, ...boot }: ProcessBoot): void {
	// The parent may have died before the kernel was told to watch it.
	if (process.platform !== 'win32' && process.ppid !== boot.here.parentPid) process.exit(1);
	settleIn(boot);
	process.argv.splice(1, process.argv.length, ...argv);
	process.execArgv = execArgv;
	// The parent reads along on stderr for its error messages; what user code prints need not go through it.
	if (ownStderr) {
		writeThrough(process.stderr, OWN_STDERR);
		writeThrough(process.stdout, 1); // Node would keep what a full pipe does not take, and lose it with the process
	}
	const socket = new (net().Socket)({ fd: CHANNEL, readable: true, writable: true });
	const server = new Server(
		'process',
		boot.here,
		(receiver) => new FarProcessChannel(socket, new Outlet(socket, CHANNEL), receiver),
	);
	server.start(null); // it would not fit into the pipe to a parent that does not read, and hold up what follows
}
