import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

const running = new Set<Child>();

afterEach(() => {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
});

interface Options {
	readonly args?: readonly string[];
	readonly nodeArgs?: readonly string[];
	/** Its stderr is its stdout, so that the order of what it prints is seen. */
	readonly merges?: boolean;
}

/** A fixture run as a program of its own by plain Node. */
export class Program {
	readonly child: Child;
	readonly ended: Promise<Ended>;
	#stdout = '';
	#stderr = '';
	#waiting: (() => void)[] = [];

	constructor(fixture: string, { args = [], nodeArgs = [], merges = false }: Options = {}) {
		const path = fileURLToPath(new URL(`../fixtures/${fixture}.mjs`, import.meta.url));
		const program = [process.execPath, ...nodeArgs, path, ...args];
		const [command = '', ...rest] = merges ? ['/bin/sh', '-c', 'exec "$0" "$@" 2>&1', ...program] : program;
		this.child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
		running.add(this.child);
		this.child.stdout.setEncoding('utf8').on('data', (text) => {
			this.#stdout += text;
			this.#look();
		});
		this.child.stderr.setEncoding('utf8').on('data', (text) => {
			this.#stderr += text;
			this.#look();
		});
		this.ended = new Promise((resolve, reject) => {
			this.child.on('error', reject);
			this.child.on('close', (code, signal) => {
				running.delete(this.child);
				resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
			});
		});
	}

	/** The whole lines it has printed, once there are so many. */
	lines(count: number): Promise<string[]> {
		return this.#once(count, () => this.#stdout);
	}

	/** The same of its stderr. */
	errorLines(count: number): Promise<string[]> {
		return this.#once(count, () => this.#stderr);
	}

	#once(count: number, read: () => string): Promise<string[]> {
		return new Promise((resolve) => {
			const look = () => {
				const lines = read().split('\n').slice(0, -1);
				if (lines.length < count) return;
				this.#waiting = this.#waiting.filter((one) => one !== look);
				resolve(lines);
			};
			this.#waiting.push(look);
			look();
		});
	}

	#look(): void {
		for (const look of this.#waiting) look();
	}
}

/** Runs a fixture to its end. */
export function run(fixture: string, options?: Options): Promise<Ended> {
	return new Program(fixture, options).ended;
}
