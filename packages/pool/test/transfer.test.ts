import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Pool, ThreadPool } from '@conc/pool';
import { describe, expect, it } from 'vitest';
import { errorOf, kinds, track } from './support/pools.js';

const exitInThread = fileURLToPath(new URL('./fixtures/exit-in-thread.cjs', import.meta.url));
const sum = (buffer: ArrayBuffer) => new Uint8Array(buffer).reduce((a, b) => a + b, 0);
const bytes = (...values: number[]) => new Uint8Array(values).buffer;

describe('what is transferred', () => {
	it('moves to a thread, and is empty here', async () => {
		const pool = track(new ThreadPool(1));
		const buffer = bytes(1, 2, 3);
		expect(await pool.apply(sum, [buffer], { transfer: [buffer] })).toBe(6);
		expect(buffer.byteLength).toBe(0);
	});

	it('may be a port, which works there', async () => {
		const pool = track(new ThreadPool(1));
		const { port1, port2 } = new MessageChannel();
		const heard = new Promise((resolve) => port1.once('message', resolve));
		await pool.apply((port: typeof port2) => port.postMessage('hello'), [port2], { transfer: [port2] });
		expect(await heard).toBe('hello');
		port1.close();
	});

	it('is copied to a process', async () => {
		const pool = track(new Pool(1));
		const buffer = bytes(1, 2, 3);
		expect(await pool.apply(sum, [buffer], { transfer: [buffer] })).toBe(6);
		expect(buffer.byteLength).toBe(3);
	});

	it('is refused before anything is sent when it is listed twice, empty, foreign, or on its way already', async () => {
		const pool = track(new ThreadPool(1));
		const buffer = bytes(1, 2, 3);
		await expect(pool.apply(sum, [buffer], { transfer: [buffer, buffer] })).rejects.toThrow('listed twice');
		const foreign = {} as ArrayBuffer;
		await expect(pool.apply(sum, [buffer], { transfer: [foreign] })).rejects.toThrow('can be moved');
		expect(buffer.byteLength).toBe(3);
		const first = pool.apply(sum, [buffer], { transfer: [buffer] });
		await expect(pool.apply(sum, [buffer], { transfer: [buffer] })).rejects.toThrow(TypeError);
		expect(await first).toBe(6);
	});

	it('is as it was at the call when it waits for a worker', async () => {
		const pool = track(new ThreadPool(1));
		const buffers = [1, 2, 3].map((n) => bytes(n, n));
		const sums = buffers.map((buffer) => pool.apply(sum, [buffer], { transfer: [buffer] }));
		expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
		expect(await Promise.all(sums)).toEqual([2, 4, 6]);
	});
});

it('a task whose transferred buffer is gone with a worker that did not start is rejected, not tried again', async () => {
	const pool = track(new ThreadPool({ workers: 1, execArgv: ['--require', exitInThread] }));
	const buffer = bytes(1, 2, 3);
	const error = await errorOf(pool.apply(sum, [buffer], { transfer: [buffer] }));
	expect(error).toMatchObject({ code: 'CONC_WORKER_CRASHED', exitCode: 4 });
});

describe.each(kinds)('shared memory and a $name', ({ name, Kind }) => {
	it('is shared with threads, and refused or copied towards a process', async () => {
		const pool = track(new Kind(1));
		const words = new Int32Array(new SharedArrayBuffer(4));
		const call = pool.apply((words: Int32Array) => Atomics.add(words, 0, 5), [words]);
		if (name === 'Pool') await expect(call).rejects.toMatchObject({ code: 'CONC_CAPTURE' });
		else {
			await call;
			expect(words[0]).toBe(5);
		}
	});
});
