import { setTimeout as sleep } from 'node:timers/promises';
import { Process, Queue } from '@conc/process';

export async function queueExample(): Promise<void> {
	const queue = new Queue<string>();

	const write = async () => {
		console.log(`Process to write: ${process.pid}`);
		for (const value of ['A', 'B', 'C']) {
			console.log(`Put ${value} to queue...`);
			await queue.put(value);
			await sleep(Math.random() * 1000);
		}
	};
	const read = async () => {
		console.log(`Process to read: ${process.pid}`);
		for (;;) {
			const value = await queue.get();
			console.log(`Get ${value} from queue.`);
			queue.taskDone();
		}
	};

	const writer = new Process({ target: write }).start();
	const reader = new Process({ target: read }).start();
	await writer.join();
	await queue.join(); // until the reader has said of each that it is done
	await reader.terminate(); // it would wait for more for ever
}
