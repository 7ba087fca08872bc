import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Queue } from '@conc/lock';
import { ThreadPool } from '@conc/pool';
import type { Case, Contender } from '../measure.js';

const TIMES = 200_000;

/** Small values from one thread to another. */
export const queueBetweenThreads: Case = {
	name: 'numbers put by one thread and got by another',
	unit: 'rate',
	contenders: () => {
		const pool = new ThreadPool(1);
		const posting = (times: number, port: MessagePort) => {
			for (let i = 0; i < times; i++) port.postMessage(i);
			port.close();
		};
		return [
			throughQueue(),
			{
				name: 'MessagePort',
				is: 'limit',
				async run() {
					const { port1: near, port2: far } = new MessageChannel();
					const post = pool.apply(posting, [TIMES, far], { transfer: [far] });
					let got = 0;
					await new Promise<void>((resolve) => {
						near.on('message', () => ++got === TIMES && resolve());
					});
					await post;
					return got;
				},
				close: () => pool.terminate(),
			},
		];
	},
};

export function throughQueue(): Contender {
	const pool = new ThreadPool(1);
	const queue = new Queue<number>();
	const putting = (times: number) => {
		for (let i = 0; i < times; i++) queue.putSync(i);
	};
	return {
		name: 'Queue',
		is: 'ours',
		async run() {
			const put = pool.apply(putting, [TIMES]);
			for (let i = 0; i < TIMES; i++) queue.getSync();
			await put;
			return TIMES;
		},
		close: () => pool.terminate(),
	};
}
