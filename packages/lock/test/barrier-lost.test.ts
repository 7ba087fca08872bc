import { setTimeout } from 'node:timers/promises';
import { Registry, revive, share } from '@conc/core';
import { Barrier, BrokenBarrierError } from '@conc/lock';
import { describe, expect, it } from 'vitest';
import { start } from './support/workers.js';

async function untilWaiting(barrier: Barrier, count: number): Promise<void> {
	while (barrier.waiting !== count) await setTimeout(1);
}

const lost = expect.stringMatching(/ is broken: thread \d+ ended while it waited\n/);

function copy(barrier: Barrier, sync: boolean, action?: string, seen?: Int32Array) {
	const handle = { ...(barrier[share]('thread') as object), action: undefined };
	const party = start('barrier-party', { handle, sync, action, seen });
	party.worker.postMessage(undefined);
	return party;
}

describe('a party whose thread ends breaks the barrier for the rest', () => {
	it.each(['exiting', 'out of memory'])('by %s, while all the others block', async (how) => {
		const barrier = new Barrier(4);
		const others = [copy(barrier, true), copy(barrier, true)];
		start('barrier-end-inside', { barrier, how, waiting: 4 - 1 + 0 });
		await untilWaiting(barrier, 3).catch(() => {});
		expect(() => barrier.waitSync()).toThrow(BrokenBarrierError);
		for (const other of others) expect(await other.next()).toMatchObject({ message: lost });
	});
});
