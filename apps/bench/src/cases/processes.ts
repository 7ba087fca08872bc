import { Lock, Manager, Pipe, Process, Queue } from '@conc/process';
import type { Case, Contender } from '../measure.js';
import { inPython, pythonVersion } from './cpython.js';

const TRIPS = 3_000;
const ITEMS = 100_000;
const OPERATIONS = 3_000;

/** What processes say to each other, beside what CPython has of the same name. */
export const betweenProcesses: Case[] = [
	beside('round trip through a pipe to a process', 'time', pipe, { 'multiprocessing.Pipe': 20_000 }),
	beside('numbers put by a process and got by its parent', 'rate', toParent, {
		'multiprocessing.Queue': 100_000,
	}),
	beside('numbers put by a parent and got by its process', 'rate', fromParent, {
		'multiprocessing.Queue': 100_000,
	}),
	beside("set of a manager's dict", 'time', dict, { 'Manager().dict()': 10_000 }),
	beside("acquire and release of a manager's lock", 'time', managerLock, { 'Manager().Lock()': 5_000 }),
	beside("acquire and release in a child of its parent's lock", 'time', childLock, {
		'multiprocessing.Lock, in a child': 500_000,
		'Manager().Lock()': 5_000,
	}),
];

function beside(
	name: string,
	unit: Case['unit'],
	ours: () => Promise<Contender> | Contender,
	theirs: Record<string, number>,
): Case {
	return {
		name: `${name}, beside CPython`,
		unit,
		lacks: () => (pythonVersion() === undefined ? 'python3 that is CPython 3.11 or newer' : undefined),
		contenders: async () => [
			await ours(),
			...Object.entries(theirs).flatMap(([what, count]) => inPython(what, [count], count)),
		],
	};
}

function pipe(): Contender {
	const [here, there] = Pipe<number>();
	const child = new Process({
		target: () => {
			for (;;) there.sendSync(there.recvSync());
		},
	}).start();
	return {
		name: 'Pipe',
		is: 'ours',
		run() {
			for (let i = 0; i < TRIPS; i++) {
				here.sendSync(i);
				here.recvSync();
			}
			return TRIPS;
		},
		close: () => child.kill(),
	};
}

/** The other side runs when it is told to, so that its start does not count. */
function toParent(): Contender {
	const queue = new Queue<number>();
	const [here, there] = Pipe<number>();
	const child = new Process({
		target: async () => {
			for await (const count of there) {
				const putting: Promise<void>[] = [];
				for (let i = 0; i < count; i++) {
					putting.push(queue.put(i));
					if (putting.length === 1_000) await Promise.all(putting.splice(0));
				}
				await Promise.all(putting);
			}
		},
	}).start();
	return {
		name: 'Queue',
		is: 'ours',
		async run() {
			await here.send(ITEMS);
			for (let i = 0; i < ITEMS; i++) await queue.get();
			return ITEMS;
		},
		close: () => child.kill(),
	};
}

function fromParent(): Contender {
	const queue = new Queue<number>();
	const [here, there] = Pipe<number>();
	const child = new Process({
		target: async () => {
			for await (const count of there) {
				for (let i = 0; i < count; i += 1_000) {
					await Promise.all(Array.from({ length: 1_000 }, () => queue.get()));
				}
				await there.send(count);
			}
		},
	}).start();
	return {
		name: 'Queue',
		is: 'ours',
		async run() {
			await here.send(ITEMS);
			for (let i = 0; i < ITEMS; i++) queue.putSync(i);
			await here.recv();
			return ITEMS;
		},
		close: () => child.kill(),
	};
}

async function dict(): Promise<Contender> {
	const manager = await new Manager().start();
	const values = await manager.dict<number, number>();
	return {
		name: 'Manager.dict',
		is: 'ours',
		run() {
			for (let i = 0; i < OPERATIONS; i++) values.setSync(i, i);
			return OPERATIONS;
		},
		close: () => manager.shutdown(),
	};
}

async function managerLock(): Promise<Contender> {
	const manager = await new Manager().start();
	const lock = await manager.lock();
	return {
		name: 'Manager.lock',
		is: 'ours',
		run() {
			for (let i = 0; i < OPERATIONS; i++) {
				lock.acquireSync();
				lock.release();
			}
			return OPERATIONS;
		},
		close: () => manager.shutdown(),
	};
}

function childLock(): Contender {
	const lock = new Lock();
	const [here, there] = Pipe<number>();
	const child = new Process({
		target: async () => {
			for await (const count of there) {
				const began = performance.now();
				for (let i = 0; i < count; i++) {
					lock.acquireSync();
					lock.release();
				}
				await there.send(performance.now() - began);
			}
		},
	}).start();
	return {
		name: 'Lock',
		is: 'ours',
		async run() {
			await here.send(OPERATIONS);
			return { count: OPERATIONS, ms: await here.recv() };
		},
		close: () => child.kill(),
	};
}
