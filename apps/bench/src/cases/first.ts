import type { Case, Contender } from '../measure.js';
import { nameOf, ours, peersOf } from '../peers/field.js';
import { type Calls, type Kind, plural } from '../peers/peer.js';
import { raw } from '../peers/raw.js';
import { within } from '../within.js';

const CLOSING = 3_000; // milliseconds

/** From a pool that is made to its first result, with one worker, so that the start of a second does not disturb. */
export function firstResult(kind: Kind): Case {
	return {
		name: `first result of a new pool, ${plural(kind)}`,
		unit: 'time',
		contenders: () => [
			opening(nameOf(kind), 'ours', () => ours(kind, (n: number) => n + 1, 1)),
			...peersOf(kind).map((peer) => opening(peer.name, 'peer', () => peer.open(1, 'next'))),
			opening(kind === 'thread' ? 'new Worker' : 'fork', 'limit', () => {
				const worker = raw(kind, 1);
				return { call: (value) => worker.each('next', [[value]]), close: () => worker.close() };
			}),
		],
	};
}

function opening(name: string, is: Contender['is'], open: () => Calls | Promise<Calls>): Contender {
	return {
		name,
		is,
		async run() {
			const start = performance.now();
			const calls = await open();
			await calls.call(1);
			const ms = performance.now() - start;
			await within(CLOSING, calls.close()).catch(() => {}); // there are peers that sometimes never come back from it
			return { count: 1, ms };
		},
	};
}
