import { Pipe, Process, Queue } from '@conc/process';
import { describe, expect, it } from 'vitest';
import { startManager } from './support/managers.js';
import { everyKind } from './support/values.js';

/** Where a value waits that one process puts there and another takes. */
interface Store {
	put(value: unknown): Promise<unknown>;
	take(): Promise<unknown>;
}

const tcp = { address: { port: 0 }, authkey: 'key' };

const stores: Record<string, () => Promise<Store>> = {
	'a queue': async () => {
		const queue = new Queue();
		return { put: (value) => queue.put(value), take: () => queue.get() };
	},
	'a queue of a manager on TCP': async () => {
		const queue = await (await startManager(tcp)).queue();
		return { put: (value) => queue.put(value), take: () => queue.get() };
	},
	'a dict of a manager': async () => {
		const dict = await (await startManager()).dict();
		return { put: (value) => dict.set('key', value), take: () => dict.get('key') };
	},
	'a list of a manager on TCP': async () => {
		const list = await (await startManager(tcp)).list();
		return { put: (value) => list.append(value), take: () => list.pop() };
	},
	'an end of a pipe that several have': async () => {
		const [here, there] = Pipe();
		const carrier = new Queue<unknown>();
		await carrier.put(there); // others may have it from now on
		return { put: (value) => here.send(value), take: () => there.recv() };
	},
};

describe.each(Object.entries(stores))('%s', (_, make) => {
	it('has data of every kind as it was put there by another process, and gives it to another', async () => {
		const store = await make();
		const [here, there] = Pipe<string>();
		const child = new Process({
			target: async () => {
				for await (const _ of there) {
					await store.put(await store.take());
					await there.send('done');
				}
			},
		}).start();
		for (const value of everyKind()) {
			await store.put(value);
			await here.send('yours');
			await here.recv();
			expect(await store.take()).toStrictEqual(value);
		}
		here.close();
		await child.join();
		expect(child.exitCode).toBe(0);
	});
});

it('keys of a dict of a manager are told apart as those of a Map', async () => {
	const dict = await (await startManager()).dict<unknown, unknown>();
	const keys = [
		undefined,
		null,
		true,
		0,
		-0,
		Number.NaN,
		'',
		'0',
		'__proto__',
		'constructor',
		10n,
		Symbol.for('a'),
	];
	for (const key of keys) await dict.set(key, String(key));
	expect(await dict.copy()).toEqual(new Map(keys.map((key) => [key, String(key)])));
	for (const key of [{}, [], () => {}]) await expect(dict.set(key, 1)).rejects.toThrow();
	expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it('a burst of numbers, texts and other things arrives in its order, both ways', async () => {
	const values = Array.from({ length: 3_000 }, (_, n) =>
		n % 7 === 0 ? { n } : n % 5 === 0 ? -0 : n % 3 === 0 ? `text "${n}", é` : n,
	);
	const [there, back] = [new Queue<unknown>(), new Queue<unknown>()];
	const child = new Process({
		target: async (count) => {
			const got = await Promise.all(Array.from({ length: count }, () => there.get()));
			await Promise.all(got.map((value) => back.put(value)));
		},
		args: [values.length],
	}).start();
	await Promise.all(values.map((value) => there.put(value)));
	const returned: unknown[] = [];
	for (const _ of values) returned.push(await back.get());
	expect(returned).toStrictEqual(values);
	await child.join();
	expect(child.exitCode).toBe(0);
});
