import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Local } from '@conc/local';
import { Lock } from '@conc/lock';
import { Pool, ThreadPool } from '@conc/pool';
import { Process } from '@conc/process';
import { Thread } from '@conc/thread';
import { execaNode } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'conc-ends-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string) => path.join(folder, name);
const lines = (name: string) => (existsSync(name) ? readFileSync(name, 'utf8').trim().split('\n') : []);

/** Only where the tests run. */
Object.assign(globalThis, { isHere: true });

/** A Local that notes in a file who disposes of what. */
function noting(to: string) {
	return new Local<{ to: string }>({
		init: () => ({ to }),
		dispose(values) {
			appendFileSync(values.to, 'isHere' in globalThis ? 'disposed here\n' : 'disposed there\n');
		},
	});
}

/** Uses the Local where it runs, and has a hook there. */
function user(local: ReturnType<typeof noting>): () => void {
	return () => {
		const { to } = local;
		process.on('exit', () => appendFileSync(to, 'hook\n'));
	};
}

const there = ['disposed there', 'hook'];

describe.each([
	['thread', (target: () => unknown) => new Thread({ target }), 'terminate'],
	['process', (target: () => unknown) => new Process({ target, stdio: 'ignore' }), 'kill'],
] as const)('a %s that used a Local and has an exit hook', (kind, make, kill) => {
	test.each(['returns', 'throws', 'exits'])('and %s runs both, once', async (way) => {
		const to = file(`${kind} ${way}`);
		const use = user(noting(to));
		const job = make(() => {
			use();
			if (way === 'throws') throw new Error('expected');
			if (way === 'exits') process.exit(3);
		}).start();
		await job.result.catch(() => {});
		await job.join();
		expect(lines(to).sort()).toEqual(there);
	});

	test('and is killed has its values disposed of from outside, once, and runs no hook', async () => {
		const to = file(`${kind} killed`);
		const use = user(noting(to));
		const ready = file(`${kind} ready`);
		const job = make(async () => {
			use();
			appendFileSync(ready, 'ready');
			await new Promise(() => setInterval(() => {}, 1_000));
		}).start();
		while (lines(ready).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		await (job as { kill(): Promise<void>; terminate(): Promise<void> })[kill]();
		await job.join();
		expect(lines(to)).toEqual(['disposed here']);
	});
});

test.each([
	['threads', ThreadPool, ['disposed here']],
	['processes', Pool, []],
] as const)(
	'what holds a lock, which ends with its process, is left by %s only',
	async (kind, Kind, disposed) => {
		const warnings: Error[] = [];
		const hear = (warning: Error) => void warnings.push(warning);
		process.on('warning', hear);
		const to = file(`${kind} lock`);
		const local = new Local({
			init: () => ({ to, lock: new Lock() }),
			dispose: (values) => appendFileSync(values.to, 'disposed here\n'),
		});
		const pool = new Kind(1);
		expect(await pool.apply(() => local.lock.locked)).toBe(false);
		await pool.terminate();
		process.off('warning', hear);
		expect([lines(to), warnings]).toEqual([disposed, []]);
	},
);

describe.each([
	['processes', Pool],
	['threads', ThreadPool],
] as const)('workers of a pool of %s that used a Local and have exit hooks', (kind, Kind) => {
	test('run both once when the pool is closed, and when a worker has done all its tasks', async () => {
		for (const maxTasksPerWorker of [1, 1_000]) {
			const to = file(`${kind} ${maxTasksPerWorker}`);
			const pool = new Kind({ workers: 1, maxTasksPerWorker });
			await pool.apply(user(noting(to)));
			pool.close();
			await pool.join();
			expect(lines(to).sort()).toEqual(there);
		}
	});

	test('have their values disposed of from outside, once, when the pool is terminated', async () => {
		const to = file(`${kind} terminated`);
		const pool = new Kind(1);
		await pool.apply(user(noting(to)));
		await pool.terminate();
		expect(lines(to)).toEqual(['disposed here']);
	});

	test('have them disposed of when a task is late, and go on with the next worker', async () => {
		const to = file(`${kind} late`);
		const pool = new Kind(1);
		const use = user(noting(to));
		const late = pool.apply(
			() => {
				use();
				for (;;);
			},
			[],
			{ timeout: 200 },
		);
		await expect(late).rejects.toThrow('timeout');
		expect(await pool.apply(() => 'next')).toBe('next');
		await pool.terminate();
		expect(lines(to)).toEqual(['disposed here']);
	});

	test('have them disposed of from outside when the program ends and nobody closed the pool', async () => {
		const program = fileURLToPath(new URL('fixtures/idle-pool.mjs', import.meta.url));
		const { stdout, stderr } = await execaNode(program, [Kind.name], { nodeOptions: [] });
		expect(stdout.split('\n')).toEqual(['the end', 'disposed of 7 in the main thread']);
		expect(stderr).toBe('');
	});
});
