import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Program, run } from './support/programs.js';

describe('what a thread prints', () => {
	it('is out before the thread goes on, also while the main thread blocks and the thread is terminated', async () => {
		const { signal, stdout, stderr } = await run('print-while-blocked', { args: ['10'] });
		expect(signal).toBe('SIGKILL'); // nothing could be printed later
		expect(stdout).toBe(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(10)}\n`).join(''));
		expect(stderr).toBe('said\n');
	});

	it('arrives whole at a reader that is slower than the thread', async () => {
		const program = new Program('print-while-blocked', { args: ['100000'] });
		for (let i = 0; i < 20; i++) {
			program.child.stdout.pause();
			await sleep(5);
			program.child.stdout.resume();
			await sleep(1);
		}
		const { stdout, stderr } = await program.ended;
		expect(stdout).toBe(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(100_000)}\n`).join(''));
		expect(stderr).toBe('said\n');
	});

	it('is not mixed with what other threads print, however long the lines', async () => {
		const { stdout } = await run('print-long-lines');
		const lines = stdout.split('\n').slice(0, -1);
		const whole = ['a', 'b', 'c'].flatMap((letter) => Array<string>(20).fill(letter.repeat(100_000)));
		expect(lines.sort().join() === whole.join()).toBe(true);
	});

	it('by one that is terminated in the middle of a line does not silence the others', async () => {
		const program = new Program('end-mid-line');
		program.child.stdout.pause();
		await program.errorLines(1); // it is terminated while the pipe is full
		program.child.stdout.resume();
		const { code, stdout } = await program.ended;
		expect(stdout.endsWith('\nthe other one speaks\n')).toBe(true);
		expect(code).toBe(0);
	});

	it('to nobody, as the reader is gone, does not hang it', async () => {
		const program = new Program('print-to-nobody');
		program.child.stdout.destroy();
		const { code, stderr } = await program.ended;
		expect(stderr).toBe('done\n');
		expect(code).toBe(0);
	});
});
