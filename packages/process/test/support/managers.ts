import { Manager, type ManagerOptions, Pipe } from '@conc/process';
import { afterEach } from 'vitest';
import { Other } from './others.js';

const started: Manager[] = [];

afterEach(async () => {
	for (const manager of started.splice(0)) await manager.shutdown();
});

/** A manager that is shut down after the test. */
export async function startManager(options?: ManagerOptions): Promise<Manager> {
	const manager = new Manager(options);
	await manager.start();
	started.push(manager);
	return manager;
}

/** Starts one of another class. */
export async function begin<M extends Manager>(manager: M): Promise<M> {
	await manager.start();
	started.push(manager);
	return manager;
}

/** A manager in a process of its own, found by its address, and that process. */
export async function foreignManager(): Promise<{ manager: Manager; home: Other }> {
	const [here, there] = Pipe<Manager['address']>();
	const home = new Other('process', async () => {
		const manager = await new Manager({ address: { port: 0 }, authkey: 'key' }).start();
		await there.send(manager.address);
		await manager.serveForever();
	});
	const manager = await new Manager({ address: await here.recv(), authkey: 'key' }).connect();
	return { manager, home };
}
