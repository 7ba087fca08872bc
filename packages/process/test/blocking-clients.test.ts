import { AbandonedLockError, Lock, Pipe, Process, Queue } from '@conc/process';
import { expect, it } from 'vitest';

it('what a thread puts without waiting, and then blocking, arrives in that order', async () => {
	const queue = new Queue<number>();
	const child = new Process({
		target: async () => {
			for (let n = 0; n < 2_000; n += 2) {
				const put = queue.put(n);
				queue.putSync(n + 1);
				await put;
			}
		},
	}).start();
	const got: number[] = [];
	while (got.length < 2_000) got.push(await queue.get());
	await child.result;
	expect(got).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
});

it('a lock of a sibling, taken by a child whose event loop never turns, is abandoned when that is killed', async () => {
	const [locks, taken, isKilled] = [new Queue<Lock>(), new Queue<string>(), new Queue<string>()];
	const sibling = new Process({
		target: async () => {
			const lock = new Lock();
			await locks.put(lock);
			await isKilled.get();
			return lock.acquire().catch((error: unknown) => error instanceof AbandonedLockError);
		},
	}).start();
	const child = new Process({
		target: () => {
			locks.getSync().acquireSync();
			taken.putSync('the lock');
			for (;;);
		},
	}).start();
	child.result.catch(() => {});
	expect(await taken.get()).toBe('the lock');
	await child.kill();
	await isKilled.put('the child');
	expect(await sibling.result).toBe(true);
});

it('all that a thread has put in a turn arrives while it blocks for something else', async () => {
	const queue = new Queue<number>();
	const [here, there] = Pipe<string>();
	const child = new Process({
		target: () => {
			for (let n = 0; n < 3; n++) void queue.put(n);
			return there.recvSync();
		},
	}).start();
	for (let n = 0; n < 3; n++) expect(await queue.get()).toBe(n);
	await here.send('all of them');
	expect(await child.result).toBe('all of them');
});
