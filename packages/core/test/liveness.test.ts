import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Registry } from '@conc/core';
import { expect, it } from 'vitest';

it('the records of a thread that nobody watched, and of those it was about to start, are used again', async () => {
	const registry = Registry.ours();
	const worker = new Worker(new URL('./fixtures/claim-records.mjs', import.meta.url));
	const [{ self, tid, message }] = await once(worker, 'message');
	const tooMany = 'more than 4095 threads at once in one process';
	expect(message).toBe(tooMany);
	expect(() => registry.add()).toThrow(tooMany);
	expect([registry.isAlive(self), registry.tidOf(self)]).toEqual([true, tid]);

	await worker.terminate();
	const fresh = registry.add();
	expect(registry.isAlive(fresh)).toBe(true);
	expect(registry.isAlive(self)).toBe(false);
	while (registry.tidOf(self) !== null) registry.add(); // until its record is another's
	expect(registry.isAlive(self)).toBe(false);
});
