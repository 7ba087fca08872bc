import type { TaskName } from '../tasks.js';
import type { Peer } from './peer.js';

const LEAST = 22; // has Promise.withResolvers and navigator, which it uses

export const multithreading: Peer = {
	name: 'multithreading',
	kind: 'thread',
	lacks: () => (Number.parseInt(process.versions.node, 10) < LEAST ? `Node ${LEAST} or newer` : undefined),
	async open(workers, task) {
		const { initRuntime, move, shutdown, spawn } = await import('multithreading');
		initRuntime({ maxWorkers: workers });
		const fn = functions[task];
		return {
			call: async (value) => {
				const result = await spawn(move(value as never), fn).join(); // moves every buffer, and back
				if (!result.ok) throw result.error;
				return result.value;
			},
			close: async () => shutdown(),
		};
	},
};

/** It takes functions, not a file, but none that use anything around them. */
const functions: Record<TaskName, (value: never) => unknown> = {
	next: (n: number) => n + 1,
	echo: (value: unknown) => value,
	move: (value: unknown) => value,
	fib: function fib(n: number): number {
		return n < 2 ? n : fib(n - 1) + fib(n - 2);
	},
	spin: (steps: number) => {
		let x = 1;
		for (let i = 0; i < steps; i++) x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return x;
	},
};
