import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { packBaggage, type Shareable, share } from '@conc/core';

const fixture = (name: string) => new URL(`./fixtures/${name}.mjs`, import.meta.url);

/** The one message that a fixture posts, run in a thread of its own. */
export async function inThread(name: string, workerData: unknown): Promise<unknown> {
	const worker = new Worker(fixture(name), { workerData });
	const [message] = await once(worker, 'message');
	return message;
}

/** The lines a fixture prints, run in a process of its own. */
export async function inProcess(name: string, ...args: string[]): Promise<string[]> {
	const child = execFile(process.execPath, [fixture(name).pathname, ...args]);
	let printed = '';
	child.stdout?.on('data', (text) => {
		printed += text;
	});
	await once(child, 'close');
	return printed.split('\n').filter((line) => line !== '');
}

/** What goes along with a call made now, in a form that a raw worker can be given. */
export function baggageForThread(): [handle: unknown, packed: unknown][] {
	return packBaggage().map(([carrier, packed]) => [handleFor(carrier), packed]);
}

export function handleFor(value: unknown): object {
	return (value as Shareable)[share]('thread') as object;
}
