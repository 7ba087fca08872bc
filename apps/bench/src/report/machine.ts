import { readFileSync } from 'node:fs';
import os from 'node:os';
import { pythonVersion } from '../cases/cpython.js';
import { peers } from '../peers/index.js';

/** Where and with what was measured. */
export interface Machine {
	readonly cpu: string;
	readonly cores: number;
	readonly os: string;
	readonly node: string;
	readonly cpython?: string;
	/** Of the peers, by their names. */
	readonly versions: Record<string, string>;
}

interface Manifest {
	readonly version: string;
	readonly dependencies: Record<string, string>;
}

export function machine(): Machine {
	const cpython = pythonVersion();
	return {
		cpu: os.cpus()[0]?.model.trim() ?? 'unknown CPU',
		cores: os.availableParallelism(),
		os: `${os.type()} ${/^\d+\.\d+/.exec(os.release())?.[0] ?? ''} ${os.arch()}`,
		node: process.versions.node,
		...(cpython === undefined ? {} : { cpython }),
		versions: Object.fromEntries(
			packages().map((name) => [name, manifest(`../node_modules/${name}/`).version]),
		),
	};
}

/** What is measured beside us, in one line for each kind of thing. */
export function heading({ cpu, cores, os, node, cpython, versions }: Machine): string[] {
	return [
		`${cpu}, ${cores} cores, ${os}, Node ${node}${cpython === undefined ? '' : `, CPython ${cpython}`}`,
		Object.entries(versions)
			.map(([name, version]) => `${name} ${version}`)
			.join(', '),
	];
}

/** Those that can run here. */
function packages(): string[] {
	const lacking = peers.filter((peer) => peer.lacks?.() !== undefined).map(({ name }) => name);
	const others = ['@conc/', 'commander', ...lacking];
	return Object.keys(manifest('../').dependencies).filter(
		(name) => !others.some((start) => name.startsWith(start)),
	);
}

/** As seen from dist. */
function manifest(directory: string): Manifest {
	return JSON.parse(readFileSync(new URL(`${directory}package.json`, import.meta.url), 'utf8')) as Manifest;
}
