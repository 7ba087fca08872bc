import { setTimeout as sleep } from 'node:timers/promises';
import {
	type Address,
	ConnectionError,
	HomeLostError,
	Manager,
	Process,
	Queue,
	QueueEmptyError,
} from '@conc/process';

const authkey = 'abc';
const TASKS = 10;

/** What both sides know: the names of the two queues. */
class QueueManager extends Manager {
	declare getTaskQueue: () => Promise<Queue<number>>;
	declare getResultQueue: () => Promise<Queue<string>>;
}

export type Role = 'master' | 'worker' | 'both';

export interface DistributedOptions {
	readonly port: number;
}

export async function distributedExample(role: Role, { port }: DistributedOptions): Promise<void> {
	if (role === 'worker') return work({ host: '127.0.0.1', port });
	await master(port, role === 'both');
}

/** Puts the tasks, and collects the results, wherever they come from. */
async function master(port: number, hasWorker: boolean): Promise<void> {
	const taskQueue = new Queue<number>();
	const resultQueue = new Queue<string>();
	QueueManager.register('getTaskQueue', () => taskQueue);
	QueueManager.register('getResultQueue', () => resultQueue);
	const manager = await new QueueManager({ address: { port }, authkey }).start();
	try {
		const task = await manager.getTaskQueue();
		const result = await manager.getResultQueue();
		for (let i = 0; i < TASKS; i++) {
			const n = Math.floor(Math.random() * 10_000);
			console.log(`Put task ${n}...`);
			await task.put(n);
		}
		const worker = hasWorker ? new Process({ target: work, args: [manager.address] }).start() : undefined;
		console.log('Try get results...');
		for (let i = 0; i < TASKS; i++) console.log(`Result: ${await result.get({ timeout: 60_000 })}`);
		await worker?.join();
	} finally {
		await manager.shutdown();
	}
	console.log('master exit.');
}

/** Does tasks until there are none, on this machine or any other. */
async function work(address: Address): Promise<void> {
	QueueManager.register('getTaskQueue');
	QueueManager.register('getResultQueue');
	console.log(`Connect to server ${address.host}:${address.port}...`);
	let manager: QueueManager;
	try {
		manager = await new QueueManager({ address, authkey }).connect();
	} catch (error) {
		if (!(error instanceof ConnectionError)) throw error;
		console.error(`${error.message}\nStart the master first: pnpm demo distributed master`);
		process.exitCode = 1;
		return;
	}
	const task = await manager.getTaskQueue();
	const result = await manager.getResultQueue();
	try {
		for (;;) {
			const n = await task.get({ timeout: 1000 });
			console.log(`run task ${n} * ${n}...`);
			await sleep(200);
			await result.put(`${n} * ${n} = ${n * n}`);
		}
	} catch (error) {
		if (error instanceof QueueEmptyError) console.log('task queue is empty.');
		else if (!(error instanceof HomeLostError)) throw error; // the master has all it wanted
	}
	console.log('worker exit.');
}
