import { byReference, currentCall, type Host, HostExitError, startProcess, startThread } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { media, startHost } from './support/hosts.js';

/** Fills memory until there is none, in small pieces: V8 may miss the limit of a thread when big blocks are taken. */
const devour = () => {
	let list: object = {};
	for (;;) list = { list };
};

const forever = () => new Promise<never>(() => {});

/** The error of every call that was pending, once the host is gone. */
async function endOf(host: Host, ...calls: Promise<unknown>[]): Promise<HostExitError> {
	const errors = await Promise.all(
		calls.map((call) =>
			call.then(
				() => expect.unreachable(),
				(error) => error,
			),
		),
	);
	for (const error of errors) expect(error).toBeInstanceOf(HostExitError);
	await host.exited;
	await expect(host.call(() => 1, [])).rejects.toBeInstanceOf(HostExitError);
	return errors[0];
}

describe.each(media)('a %s', (medium) => {
	it('runs calls one after the other and answers each with its own result', async () => {
		const host = startHost(medium);
		const wait = (n: number) => new Promise((resolve) => setTimeout(resolve, n % 3, n));
		const calls = Array.from({ length: 50 }, (_, n) => host.call(wait, [n]));
		expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, n) => n));
		expect(host.pending).toBe(0);
	});

	it('has a current call while one runs, unless it is there for a single function', async () => {
		const look = () => currentCall()?.name ?? null;
		const start = medium === 'thread' ? startThread : startProcess;
		expect(await startHost(medium).call(look, [])).toBe('look');
		expect(await start({ name: 'single', runs: 'one' }, []).host.call(look, [])).toBe(null);
		expect(currentCall()).toBe(null);
	});

	it.each([0, 1, 7])(
		'that calls process.exit(%i) rejects the call it was running and those after it, and says so',
		async (code) => {
			const host = startHost(medium);
			expect(await host.call(() => 'done', [])).toBe('done');
			const exiting = host.call(
				function leave(n: number) {
					process.exit(n);
				},
				[code],
			);
			const waiting = host.call(forever, []);
			const error = await endOf(host, exiting, waiting);
			expect(error.exit).toMatchObject({ exitCode: code, reason: 'exit' });
			expect(error.message).toMatch(
				new RegExp(
					`^a ${medium} \\((pid|thread) \\d+\\) exited with code ${code} before \`leave\` \\(.+\\) was done`,
				),
			);
		},
	);

	it('with an uncaught error in a timer ends with that error as the cause', async () => {
		const host = startHost(medium);
		const pending = host.call(() => {
			setTimeout(() => {
				throw new RangeError('in a timer');
			}, 0);
			return new Promise(() => {});
		}, []);
		const error = await endOf(host, pending);
		expect(error.exit.reason).toBe('uncaught');
		expect(error.cause).toBeInstanceOf(RangeError);
		expect(error.message).toContain('ended by an uncaught error');
	});

	it('that is terminated rejects its calls, also one in a CPU loop, and terminating again does no harm', async () => {
		const host = startHost(medium);
		await host.call(() => 'ready', []);
		const spinning = host.call(() => {
			for (;;);
		}, []);
		const ended = endOf(host, spinning);
		const [exit, again] = await Promise.all([host.terminate('SIGKILL'), host.terminate()]);
		expect(exit).toBe(again);
		expect((await ended).exit.reason).toBe('terminated');
		expect(await host.terminate()).toBe(exit);
	});

	it('that is terminated while it starts rejects its calls', async () => {
		const host = startHost(medium);
		const pending = host.call(() => 1, []);
		const ended = endOf(host, pending);
		await host.terminate();
		expect((await ended).exit.reason).toBe('terminated');
	});

	it('that runs out of memory says so', async () => {
		const name = `a ${medium}`;
		const resourceLimits = { maxOldGenerationSizeMb: 32 };
		const options = { name, runs: 'many', resourceLimits, keepsStderr: true } as const;
		const { host } = medium === 'thread' ? startThread(options, []) : startProcess(options, [1]);
		const error = await endOf(host, host.call(devour, []));
		expect(error.exit.reason).toBe('out-of-memory');
		expect(error.message).toContain('ran out of memory');
	});

	it('goes on after a floating rejection, and after an error', async () => {
		const host = startHost(medium);
		await expect(host.call(() => Promise.reject(new Error('no')), [])).rejects.toThrow('no');
		expect(await host.call(() => 'alive', [])).toBe('alive');
		await host.terminate();
	});

	it('can start hosts of its own after calls whose modules were imported at the same time', async () => {
		const slow = (ms: number) => {
			const module = new URL(`./fixtures/slow.mjs?${ms}`, import.meta.url).href;
			return byReference(() => 0, { module, export: 'answer' });
		};
		const host = startHost(medium);
		// The first to begin is the first to be done.
		await Promise.all([host.call(slow(10), []), host.call(slow(100), [])]);
		const startAnother = async () => {
			const { host: inner } = startThread({ name: 'inner', runs: 'many' }, []);
			const answer = await inner.call(() => 'from within', []);
			await inner.terminate();
			return answer;
		};
		expect(await host.call(startAnother, [])).toBe('from within');
		await host.terminate();
	});

	it('can start hosts of its own, two levels deep, and errors come all the way', async () => {
		const host = startHost(medium);
		const deepen = async (level: number): Promise<unknown> => {
			if (level === 0) throw new RangeError('from the bottom');
			const { host: inner } =
				level % 2 === 0
					? startThread({ name: `inner ${level}`, runs: 'many' }, [])
					: startProcess({ name: `inner ${level}`, runs: 'many' }, [level]);
			try {
				return await inner.call(deepen, [level - 1]);
			} finally {
				await inner.terminate();
			}
		};
		await expect(host.call(deepen, [2])).rejects.toThrow(new RangeError('from the bottom'));
		await host.terminate();
	});
});

describe('a process', () => {
	it('that is killed rejects its calls with the signal', async () => {
		const host = startHost('process');
		const pending = host.call(() => process.kill(process.pid, 'SIGKILL') && new Promise(() => {}), []);
		const error = await endOf(host, pending);
		expect(error.exit).toMatchObject({ reason: 'signal', signalCode: 'SIGKILL', exitCode: -9 });
		expect(error.message).toContain('was ended by SIGKILL');
	});
});
