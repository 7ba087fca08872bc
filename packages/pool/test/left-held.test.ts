import { byReference } from '@conc/core';
import { Condition, Lock, RLock, RWLock } from '@conc/lock';
import { ThreadPool } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { errorOf, kinds, track, until } from './support/pools.js';

/** Where what is to be run by a worker keeps something for later tasks. */
const kept = () => globalThis as { warnings?: string[]; lock?: Lock };

const listen = () => {
	const warnings: string[] = [];
	kept().warnings = warnings;
	process.on('warning', (warning) => {
		const { code, message } = warning as NodeJS.ErrnoException;
		warnings.push(`${code}: ${message.split('\n')[0]}`);
	});
};
const warned = async () => {
	await new Promise((resolve) => setImmediate(resolve));
	return kept().warnings;
};

const settings = { workers: 1, initializer: listen, execArgv: ['--no-warnings'] };

describe.each(kinds)('a task of a $name', ({ Kind }) => {
	it('that leaves a lock held warns, naming both', async () => {
		const pool = track(new Kind(settings));
		const leave = () => {
			new Lock({ name: 'jobs' }).acquireSync();
		};
		const leaveAll = async () => {
			await new RLock({ name: 'again' }).acquire();
			await new RWLock({ name: 'page' }).write.acquire({ timeout: 1_000 });
			new Lock().tryAcquire();
			throw new Error('of the task');
		};
		await pool.apply(leave);
		await errorOf(pool.apply(leaveAll, [], { name: 'the second' }));
		await pool.map(leave, [1]);
		expect(await pool.apply(warned)).toEqual([
			expect.stringMatching(
				/^CONC_LOCK_LEFT_HELD: Lock "jobs" is still held by this worker after `leave` \(.*left-held\.test\.ts:\d+:\d+\), which took it$/,
			),
			'CONC_LOCK_LEFT_HELD: RLock "again" is still held by this worker after `the second`, which took it',
			'CONC_LOCK_LEFT_HELD: RWLock "page" is still held by this worker after `the second`, which took it',
			'CONC_LOCK_LEFT_HELD: Lock is still held by this worker after `the second`, which took it',
			expect.stringMatching(/^CONC_LOCK_LEFT_HELD: Lock "jobs" .* after `leave` /),
		]);
	});

	it('warns once of a lock that it leaves held again, or that is still held', async () => {
		const pool = track(new Kind(settings));
		const leave = () => {
			kept().lock ??= new Lock();
			kept().lock?.acquireSync();
		};
		const release = () => kept().lock?.release();
		for (let round = 0; round < 3; round++) {
			await pool.apply(leave);
			await pool.apply(Math.abs, [1]);
			await pool.apply(release);
		}
		expect(await pool.apply(warned)).toHaveLength(1);
	});

	it('that gives back what it took does not warn, nor one that finds it taken', async () => {
		const pool = track(new Kind(settings));
		const tidy = async () => {
			const lock = new RLock();
			lock.withSync(() => lock.acquireSync());
			lock.release();
			const condition = new Condition(new Lock());
			await condition.with(() => condition.wait({ timeout: 1 }));
			const { read, write } = new RWLock();
			await write.with(() => {});
			await read.with(() => {});
		};
		await pool.apply(tidy);
		const module = new URL('./fixtures/locks-at-import.mjs', import.meta.url).href;
		await pool.apply(byReference(() => {}, { module, export: 'nothing' }));
		expect(await pool.apply(warned)).toEqual([]);
	});
});

describe('a task of a ThreadPool', () => {
	it('that had to wait for what it leaves held warns, however it waits', async () => {
		const pool = track(new ThreadPool(settings));
		const isAsync = [true, false];
		const locks = isAsync.map((is) => new Lock({ name: `lock ${is}` }));
		const pages = isAsync.map((is) => new RWLock({ name: `page ${is}` }));
		const all = [...locks, ...pages.map(({ write }) => write)];
		for (const lock of all) lock.acquireSync();
		const begun = new Int32Array(new SharedArrayBuffer(4));
		const take = async () => {
			Atomics.store(begun, 0, 1);
			for (const list of [locks, pages.map(({ write }) => write)]) {
				await list[0]?.acquire({ timeout: 60_000 });
				list[1]?.acquireSync();
			}
		};
		const taken = pool.apply(take);
		await until(() => Atomics.load(begun, 0) === 1);
		for (const lock of all) lock.release();
		await taken;
		expect((await pool.apply(warned))?.map((warning) => warning.match(/".*"/)?.[0])).toEqual([
			'"lock true"',
			'"lock false"',
			'"page true"',
			'"page false"',
		]);
	});

	it('whose lock another thread has released does not warn', async () => {
		const pool = track(new ThreadPool(settings));
		const lock = new Lock();
		const gate = new Lock();
		gate.acquireSync();
		const take = () => {
			lock.acquireSync();
			gate.acquireSync();
			gate.release();
		};
		const taken = pool.apply(take);
		await until(() => lock.locked);
		lock.release();
		gate.release();
		await taken;
		expect(await pool.apply(warned)).toEqual([]);
	});
});
