import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A program of its own, run by plain Node. */
export interface Program {
	readonly child: ChildProcess;
	readonly ended: Promise<Ended>;
	/** Resolves with what it has printed when it has printed `text`. */
	printed(text: string): Promise<string>;
}

const running = new Set<ChildProcess>();

afterEach(() => {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
});

/** @param detached in a process group of its own, as a shell starts a job */
export function start(
	fixture: string,
	args: string[] = [],
	detached = false,
	nodeArgs: string[] = [],
): Program {
	const path = fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url));
	const child = spawn(process.execPath, [...nodeArgs, path, ...args], {
		detached,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	running.add(child);
	let stdout = '';
	let stderr = '';
	let check = () => {};
	child.stdout?.setEncoding('utf8').on('data', (text) => {
		stdout += text;
		check();
	});
	child.stderr?.setEncoding('utf8').on('data', (text) => {
		stderr += text;
	});
	const ended = new Promise<Ended>((resolve) => {
		child.once('close', (code, signal) => {
			running.delete(child);
			resolve({ code, signal, stdout, stderr });
		});
	});
	return {
		child,
		ended,
		printed(text) {
			return new Promise((resolve, reject) => {
				check = () => stdout.includes(text) && resolve(stdout);
				check();
				void ended.then(() => reject(new Error(`it ended without printing ${text}\n${stdout}\n${stderr}`)));
			});
		},
	};
}

/** What a program prints as JSON; its complaints where it failed. */
export async function result(
	fixture: string,
	args: string[] = [],
	nodeArgs: string[] = [],
): Promise<unknown> {
	const { code, stdout, stderr } = await start(fixture, args, false, nodeArgs).ended;
	if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}\n${stderr}\n${stdout}`);
	return JSON.parse(stdout);
}
