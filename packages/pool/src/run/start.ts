import { type Host, here, type Medium, realm, startProcess, startThread } from '@conc/core';
import type { PoolSettings } from '../options.js';

/** Where a pool has no name of its own. */
const names = { process: 'PoolWorker', thread: 'ThreadPoolWorker' };

const numbers = () => realm('pool worker numbers', () => new Map<string, number>());

/** A host for a worker, named after its pool and numbered. */
export function startHost(
	medium: Medium,
	{ name = names[medium], resourceLimits, env, execArgv }: PoolSettings,
): Host {
	const number = (numbers().get(name) ?? 0) + 1;
	numbers().set(name, number);
	const options = {
		name: `${name}-${number}`,
		daemon: true,
		runs: 'many' as const,
		keepsStderr: true,
		resourceLimits,
		env,
		execArgv,
	};
	return medium === 'process'
		? startProcess(options, here().path).host
		: startThread(options, here().path).host;
}
