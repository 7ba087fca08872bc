import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from '@conc/pool';
import { cpuCount } from '@conc/process';

export async function poolExample({ workers, tasks }: { workers: number; tasks: number }): Promise<void> {
	const longTimeTask = async (name: number) => {
		console.log(`Run task ${name} (${process.pid})...`);
		const start = performance.now();
		await sleep(Math.random() * 3000);
		console.log(`Task ${name} runs ${((performance.now() - start) / 1000).toFixed(2)} seconds.`);
	};

	console.log(`Parent process ${process.pid}.`);
	const pool = new Pool(workers);
	const results = Array.from({ length: tasks }, (_, i) => pool.applyAsync(longTimeTask, [i]));
	console.log('Waiting for all subprocesses done...');
	pool.close();
	await pool.join();
	await Promise.all(results);
	console.log('All subprocesses done.');

	console.log();
	if (tasks > workers) {
		console.log(
			`Task ${workers} had to wait: the pool has ${workers} workers, so it started only when one of the first ${workers} tasks was done, in that one's process.`,
		);
	} else console.log(`No task had to wait: the pool has ${workers} workers for ${tasks} tasks.`);
	console.log(`new Pool() without a size has as many workers as there are processors, here ${cpuCount()}.`);
}
