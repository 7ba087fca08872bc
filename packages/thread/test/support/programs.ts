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

/** A fixture run as a program of its own by plain Node. */
export class Program {
	readonly child: Child;
	readonly ended: Promise<Ended>;
	#stdout = '';
	#stderr = '';
	#waiting: (() => void)[] = [];

	constructor(fixture: string, { args = [] as readonly string[], nodeArgs = [] as readonly string[] } = {}) {
		const path = fileURLToPath(new URL(`../fixtures/${fixture}.mjs`, import.meta.url));
		this.child = spawn(process.execPath, [...nodeArgs, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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
export function run(fixture: string, options?: ConstructorParameters<typeof Program>[1]): Promise<Ended> {
	return new Program(fixture, options).ended;
}
