import { Barrier, CaptureError, SharedArray, SharedValue, Thread } from '@conc/thread';
import { expect, it } from 'vitest';

it('a barrier takes its action along, which runs in the last thread to arrive', async () => {
	const runs = new SharedValue('int32');
	const barrier = new Barrier(3, { action: () => void runs.add(1) });
	const target = () => {
		const before = runs.value;
		return [barrier.waitSync(), before, runs.value];
	};
	const first = barrier.wait();
	const threads = [new Thread({ target }).start(), new Thread({ target }).start()];
	expect((await Promise.all(threads.map(({ result }) => result))).sort()).toEqual([
		[1, 0, 1],
		[2, 0, 1],
	]);
	expect(await first).toBe(0);
});

it('an action may use the barrier itself and what else is shared', async () => {
	const seen = new SharedArray('int32', 2);
	const barrier: Barrier = new Barrier(2, {
		action() {
			seen.set(0, barrier.waiting);
			seen.set(1, barrier.parties);
		},
	});
	const first = barrier.wait();
	const thread = new Thread({ target: () => barrier.waitSync() }).start();
	expect([await thread.result, await first, ...seen]).toEqual([1, 0, 2, 2]);
});

it('an action that cannot cross is refused with the way to it', () => {
	const pending = Promise.resolve();
	const barrier = new Barrier(2, { action: () => void pending.then() });
	const start = () => new Thread({ target: () => barrier.waitSync() }).start();
	expect(start).toThrow(CaptureError);
	expect(start).toThrow(/pending/);
});

it('an error of the action is told to the others by its text', async () => {
	const barrier = new Barrier(2, {
		action() {
			throw new RangeError('no rain today');
		},
	});
	const first = barrier.wait().catch(String);
	const thread = new Thread({ target: () => barrier.waitSync() }).start();
	await expect(thread.result).rejects.toThrow(RangeError);
	expect(await first).toMatch(/^BrokenBarrierError: .*its action failed: RangeError: no rain today/);
});
