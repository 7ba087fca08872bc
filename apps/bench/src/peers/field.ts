import { Pool, ThreadPool } from '@conc/pool';
import type { Contender } from '../measure.js';
import type { TaskName } from '../tasks.js';
import { peers } from './index.js';
import type { Calls, Kind } from './peer.js';

export const WORKERS = 2;

/** What all of a case do: a function handed to our pool, the one of that name in a file to the peers. */
export interface Work<V> {
	readonly task: TaskName;
	readonly closure: (value: V) => unknown;
	/** Peers that cannot do it. */
	readonly without?: readonly string[];
}

/** Our pool of a kind, then every peer that has workers of that kind, each doing `run` with its own workers. */
export async function field<V>(
	kind: Kind,
	{ task, closure, without = [] }: Work<V>,
	run: (calls: Calls) => Contender['run'],
): Promise<Contender[]> {
	const pool = ours(kind, closure);
	const contenders: Contender[] = [
		{ name: nameOf(kind), is: 'ours', run: run(pool), close: () => pool.close() },
	];
	for (const peer of peersOf(kind, without)) {
		const calls = await peer.open(WORKERS, task);
		contenders.push({ name: peer.name, is: 'peer', run: run(calls), close: () => calls.close() });
	}
	return contenders;
}

export function peersOf(kind: Kind, without: readonly string[] = []) {
	return peers.filter(
		(peer) => peer.kind === kind && peer.lacks?.() === undefined && !without.includes(peer.name),
	);
}

export function nameOf(kind: Kind): string {
	return kind === 'thread' ? 'ThreadPool' : 'Pool';
}

export function ours<V>(kind: Kind, closure: (value: V) => unknown, workers = WORKERS): Calls {
	const pool = kind === 'thread' ? new ThreadPool(workers) : new Pool(workers);
	return {
		call: (value, transfer) => pool.apply(closure, [value as V], transfer && { transfer }),
		close: () => pool.terminate(),
	};
}
