import { type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs Node with these arguments to its end. */
export function runNode(
	args: readonly string[],
	options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<Ended> {
	const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (text) => {
		stdout += text;
	});
	child.stderr.setEncoding('utf8').on('data', (text) => {
		stderr += text;
	});
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
	});
}

/** The path of a fixture. */
export const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** What a program printed as JSON; its complaints where it failed. */
export async function output(ended: Promise<Ended>): Promise<unknown> {
	const { code, stdout, stderr } = await ended;
	if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}\n${stderr}\n${stdout}`);
	return JSON.parse(stdout);
}
