import { jestWorker } from './jest-worker.js';
import { multithreading } from './multithreading.js';
import type { Peer } from './peer.js';
import { piscina, piscinaAhead } from './piscina.js';
import { poolifier } from './poolifier.js';
import { tinypool } from './tinypool.js';
import { workerFarms } from './worker-farm.js';
import { workerpools } from './workerpool.js';

/** All that can be called as a pool can; synckit, which blocks, has a case of its own. */
export const peers: readonly Peer[] = [
	piscina,
	piscinaAhead,
	...tinypool,
	...workerpools,
	...poolifier,
	...jestWorker,
	...workerFarms,
	multithreading,
];
