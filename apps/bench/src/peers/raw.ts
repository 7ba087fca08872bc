import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TaskName } from '../tasks.js';
import { type Kind, serialization, workerFile } from './peer.js';

/** Workers as Node has them, with no pool: each does a list of values at one message, and says when it is done. */
export interface Raw {
	each(task: TaskName, lists: unknown[][]): Promise<void>;
	close(): Promise<void>;
}

export function raw(kind: Kind, workers: number): Raw {
	return kind === 'thread' ? threads(workers) : processes(workers);
}

function threads(workers: number): Raw {
	const all = Array.from({ length: workers }, () => new Worker(workerFile('raw-thread')));
	return {
		each: (task, lists) => answers(all, lists, (worker, values) => worker.postMessage({ task, values })),
		close: async () => {
			await Promise.all(all.map((worker) => worker.terminate()));
		},
	};
}

function processes(workers: number): Raw {
	const all = Array.from({ length: workers }, () =>
		fork(workerFile('raw-process'), { serialization: serialization('next') }),
	);
	return {
		each: (task, lists) => answers(all, lists, (child, values) => child.send({ task, values })),
		close: async () => {
			await Promise.all(
				all.map((child) => {
					const exit = once(child, 'exit');
					child.kill();
					return exit;
				}),
			);
		},
	};
}

async function answers<W extends Worker | ChildProcess>(
	all: W[],
	lists: unknown[][],
	send: (worker: W, values: unknown[]) => void,
): Promise<void> {
	await Promise.all(
		all.map((worker, at) => {
			const answer = once(worker, 'message');
			send(worker, lists[at] ?? []);
			return answer;
		}),
	);
}
