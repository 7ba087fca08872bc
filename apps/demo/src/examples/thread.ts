import { setTimeout as sleep } from 'node:timers/promises';
import { currentThread, Thread } from '@conc/thread';

export async function threadExample({ pause }: { pause: number }): Promise<void> {
	const loop = async () => {
		console.log(`thread ${currentThread().name} is running...`);
		for (let n = 1; n <= 5; n++) {
			console.log(`thread ${currentThread().name} >>> ${n}`);
			await sleep(pause);
		}
		console.log(`thread ${currentThread().name} ended.`);
	};

	console.log(`thread ${currentThread().name} is running...`);
	const thread = new Thread({ target: loop, name: 'LoopThread' });
	thread.start();
	await thread.join();
	console.log(`thread ${currentThread().name} ended.`);

	console.log();
	const sayName = () => currentThread().name;
	const unnamed = [new Thread({ target: sayName }), new Thread({ target: sayName })];
	const names = await Promise.all(unnamed.map((thread) => thread.start().result));
	console.log(`Threads without a name are called ${names.join(' and ')}.`);
}
