import type { ChildProcess } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { childProcess } from '../lazy.js';
import { realm } from '../realm.js';

/** A command that starts a program so that it does not outlive this process, even in a CPU loop. */
export interface BoundCommand {
	readonly command: string;
	readonly args: string[];
	/** To be called with the child once it was spawned. */
	watch(child: ChildProcess): void;
}

/** Linux ends the child itself (`prctl`), Windows knows job objects, elsewhere a small shell does it. */
export function bindToParent(command: string, args: string[]): BoundCommand {
	const setpriv = realm('setpriv', findSetpriv);
	if (setpriv !== null) {
		return { command: setpriv, args: ['--pdeathsig', 'KILL', command, ...args], watch: () => {} };
	}
	if (process.platform === 'win32') return { command, args, watch: () => {} };
	return { command, args, watch: watchByJanitor };
}

/** The `setpriv` of util-linux; BusyBox's does not know the option. */
function findSetpriv(): string | null {
	if (process.platform !== 'linux') return null;
	const found = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
	return found !== undefined && !realpathSync(found).endsWith('busybox') ? found : null;
}

/** Reads `+ pid` and `- pid`; when this process is gone, and its input with it, kills what is left. */
const janitorProgram = `pids=
while read -r op pid; do
	if [ "$op" = + ]; then pids="$pids $pid"; else
		rest=; for one in $pids; do [ "$one" = "$pid" ] || rest="$rest $one"; done; pids=$rest
	fi
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null`;

function watchByJanitor(child: ChildProcess): void {
	if (child.pid === undefined) return;
	const { stdin } = realm('janitor', startJanitor);
	stdin.write(`+ ${child.pid}\n`);
	child.once('exit', () => stdin.write(`- ${child.pid}\n`));
}

function startJanitor(): { stdin: Writable } {
	const janitor = childProcess().spawn('/bin/sh', ['-c', janitorProgram], {
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	janitor.on('error', () => {}); // without a shell, children are ended at a clean exit only
	janitor.unref();
	const { stdin } = janitor;
	stdin.on('error', () => {});
	(stdin as unknown as { unref(): void }).unref();
	return { stdin };
}
