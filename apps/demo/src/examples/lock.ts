import { Lock, SharedValue } from '@conc/lock';
import { Thread } from '@conc/thread';

/** Enough for two cores to get into each other's way. */
const TIMES_WITHOUT = 10_000_000;

export async function lockExample({ times }: { times: number }): Promise<void> {
	const balance = new SharedValue('int32', 0);
	const lock = new Lock();

	const changeIt = (n: number) => {
		// in and out again: the balance should be what it was
		balance.value += n;
		balance.value -= n;
	};
	const runThread = (n: number) => {
		for (let i = 0; i < TIMES_WITHOUT; i++) changeIt(n);
	};
	const runThreadWithLock = (n: number) => {
		for (let i = 0; i < times; i++) {
			lock.acquireSync();
			try {
				changeIt(n);
			} finally {
				lock.release();
			}
		}
	};

	await runBoth(runThread);
	const verdict = balance.value === 0 ? 'right, by luck' : 'wrong: it should be 0';
	console.log(`Without a lock, ${TIMES_WITHOUT} times each: balance = ${balance.value} (${verdict})`);

	balance.value = 0;
	await runBoth(runThreadWithLock);
	console.log(`With a lock, ${times} times each: balance = ${balance.value}`);
}

async function runBoth(target: (n: number) => void): Promise<void> {
	const threads = [new Thread({ target, args: [5] }), new Thread({ target, args: [8] })];
	for (const thread of threads) thread.start();
	for (const thread of threads) await thread.join();
}
