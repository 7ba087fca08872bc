import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

interface ProgramOptions {
	readonly args?: readonly string[];
	readonly nodeArgs?: readonly string[];
	/** Its stdin, stdout and stderr are closed. */
	readonly closed?: boolean;
	/** How many files it may have open. */
	readonly files?: number;
	/** It is in a process group of its own, as a shell starts a job. */
	readonly detached?: boolean;
	readonly stdin?: string;
}

const running = new Set<Child>();

afterEach(() => {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
});

/** A fixture run as a program of its own by plain Node. */
export class Program {
	readonly child: Child;
	readonly ended: Promise<Ended>;
	#stdout = '';
	#stderr = '';
	#waiting: (() => void)[] = [];

	constructor(fixture: string | null, options: ProgramOptions = {}) {
		const { args = [], nodeArgs = [], closed = false, detached = false, files, stdin } = options;
		const file =
			fixture === null ? [] : [fileURLToPath(new URL(`../fixtures/${fixture}.mjs`, import.meta.url))];
		const command = [process.execPath, ...nodeArgs, ...file, ...args];
		const cwd = fileURLToPath(new URL('..', import.meta.url));
		// Only a shell can start a program without the three streams, or limit it.
		const limit = files === undefined ? '' : `ulimit -n ${files}; `;
		const script = `${limit}exec "$@"${closed ? ' <&- >&- 2>&-' : ''}`;
		const isPlain = !closed && files === undefined;
		const [first = '', ...rest] = isPlain ? command : ['sh', '-c', script, 'sh', ...command];
		const input = stdin === undefined ? 'ignore' : 'pipe';
		this.child = spawn(first, rest, { cwd, detached, stdio: [input, 'pipe', 'pipe'] }) as Child;
		this.child.stdin?.end(stdin);
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

/** Runs a fixture to its end; with none, what the arguments of Node say. */
export function run(fixture: string | null, options?: ProgramOptions): Promise<Ended> {
	return new Program(fixture, options).ended;
}
