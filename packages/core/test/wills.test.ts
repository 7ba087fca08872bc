import { once } from 'node:events';
import { currentCall, type Host, leaveWill, makeCall } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { media, startHost } from './support/hosts.js';
import { fixture, runNode } from './support/programs.js';

/** Here, the values with which wills of this name were carried out. */
function carriedOut(name: string): unknown[] {
	const home = globalThis as { carriedOut?: Record<string, unknown[]> };
	home.carriedOut ??= {};
	home.carriedOut[name] ??= [];
	return home.carriedOut[name];
}

/** Leaves a will there whose duty notes in this thread that it was carried out. */
function leave(host: Host, name: string): Promise<unknown> {
	const note = carriedOut;
	const left = async (name: string) => {
		const value = { name, step: 0 };
		const will = leaveWill(`duty of ${name}`, (copy: typeof value) => note(copy.name).push(copy), value);
		Object.assign(globalThis, { value, will });
	};
	return host.call(left, [name]);
}

declare const value: { step: unknown };
declare const will: ReturnType<typeof leaveWill>;

describe.each(media)('what a %s leaves to be done', (medium) => {
	it('is done once, by who started it, before its end is told', async () => {
		const host = startHost(medium);
		await leave(host, `${medium} once`);
		expect(carriedOut(`${medium} once`)).toEqual([]);
		await host.terminate('SIGKILL');
		expect(carriedOut(`${medium} once`)).toEqual([{ name: `${medium} once`, step: 0 }]);
	});

	it('is done with the value as it was after the last call', async () => {
		const name = `${medium} last`;
		const host = startHost(medium);
		await leave(host, name);
		await host.call(() => {
			value.step = 1;
		}, []);
		await host.terminate('SIGKILL');
		expect(carriedOut(name)).toEqual([{ name, step: 1 }]);
	});

	it('is done with the value as it was when somebody was told of a change', async () => {
		const name = `${medium} change`;
		const host = startHost(medium);
		await leave(host, name);
		const change = async () => {
			value.step = 1;
			will?.touch();
			value.step = 2;
			await null;
			value.step = 3; // nobody was told of it
			currentCall()?.progress('changed');
			await new Promise(() => {});
		};
		await new Promise((progress) => {
			host.run({ call: makeCall(change, [], medium), resolve() {}, reject() {}, progress });
		});
		await host.terminate('SIGKILL');
		expect(carriedOut(name)).toEqual([{ name, step: 2 }]);
	});

	it('is done with one of the last values where these are large, each whole', async () => {
		const name = `${medium} large`;
		const host = startHost(medium);
		await leave(host, name);
		const change = (step: number) => {
			value.step = new Uint8Array(2 ** 20).fill(step);
		};
		for (let step = 1; step <= 20; step++) await host.call(change, [step]);
		await host.terminate('SIGKILL');
		const [copy] = carriedOut(name) as [{ step: Uint8Array }];
		expect(copy.step).toHaveLength(2 ** 20);
		expect(new Set(copy.step).size).toBe(1);
	});

	it('is done with the last copy that could be made', async () => {
		const name = `${medium} copy`;
		const host = startHost(medium);
		await leave(host, name);
		await host.call(() => {
			value.step = new WeakMap();
		}, []);
		await host.terminate('SIGKILL');
		expect(carriedOut(name)).toEqual([{ name, step: 0 }]);
	});

	it('is not done when it was revoked', async () => {
		const host = startHost(medium);
		await leave(host, `${medium} revoked`);
		await host.call(() => will?.revoke(), []);
		await host.terminate('SIGKILL');
		expect(carriedOut(`${medium} revoked`)).toEqual([]);
	});

	it('fails by itself: the others are done, and a warning tells', async () => {
		const name = `${medium} fails`;
		const host = startHost(medium);
		await host.call(() => {
			leaveWill(
				'the first',
				() => {
					throw new RangeError('broken');
				},
				{},
			);
			leaveWill(
				'the second',
				async () => {
					throw new RangeError('broken later');
				},
				{},
			);
		}, []);
		await leave(host, name);
		const warnings: string[] = [];
		const hear = ({ message }: Error) => void warnings.push(message);
		process.on('warning', hear);
		await host.terminate('SIGKILL');
		while (warnings.length < 2) await once(process, 'warning');
		process.off('warning', hear);
		expect(warnings).toEqual([
			expect.stringContaining(
				`the first, in place of a ${medium} which has ended, failed: RangeError: broken`,
			),
			expect.stringContaining('the second'),
		]);
		expect(carriedOut(name)).toHaveLength(1);
	});

	it('is not left where it cannot cross', async () => {
		const host = startHost(medium);
		const kept = await host.call(() => {
			const weak = new WeakMap();
			return [
				leaveWill('value', () => {}, { weak }) ?? 'nothing',
				leaveWill('duty', () => weak, {}) ?? 'nothing',
			];
		}, []);
		expect(kept).toEqual(['nothing', 'nothing']);
	});

	it('may assign to what it captures, of which nothing is warned', async () => {
		const host = startHost(medium);
		const warnings = await host.call(async () => {
			const codes: unknown[] = [];
			process.on('warning', (warning) => void codes.push((warning as { code?: string }).code));
			let times = 0;
			const left = leaveWill('assigns', () => void times++, {});
			await new Promise((resolve) => setImmediate(resolve));
			return [left === undefined, times, ...codes];
		}, []);
		expect(warnings).toEqual([false, 0]);
	});

	it('is done when the one that started it ends by itself', async () => {
		const { stdout, stderr, code } = await runNode([fixture('leave-wills.mjs'), medium]);
		expect(stdout.trim().split('\n')).toEqual(['the end', `done in the parent: a ${medium}`]);
		expect([stderr, code]).toEqual(['', 0]);
	});

	describe('with a module that it has loaded', () => {
		const leaveDuty = async (...ways: string[]) => {
			const { stdout, stderr } = await runNode([fixture('leave-duty.mjs'), medium, ...ways]);
			return { lines: stdout.trim().split('\n'), stderr };
		};
		const done = `done in the parent: a ${medium}`;

		it('has that loaded by who started it when it is needed, and not before', async () => {
			const { lines, stderr } = await leaveDuty('terminate');
			expect(lines).toEqual(['evaluated in the host', 'left', 'evaluated in the parent', done]);
			expect(stderr).toBe('');
		});

		it.each(['loaded', 'required'])(
			'is done at the end of who started it where that has %s it as well',
			async (way) => {
				const { lines, stderr } = await leaveDuty(way);
				expect(lines).toEqual(['evaluated in the parent', 'evaluated in the host', 'left', done]);
				expect(stderr).toBe('');
			},
		);

		it('cannot be done at the end of who started it where it is not loaded, which is told', async () => {
			const { lines, stderr } = await leaveDuty();
			expect(lines).toEqual(['evaluated in the host', 'left']);
			expect(stderr).toMatch(
				/^will, in place of a .* failed: Error: it needs file:.*duty.mjs, and a thread /,
			);
		});
	});
});

it('what a thread leaves is done when the one that started it ends, also where the kernel cannot be asked', async () => {
	const { stdout, stderr, code } = await runNode([
		'--require',
		fixture('no-thread-ids.cjs'),
		fixture('leave-wills.mjs'),
		'thread',
	]);
	expect(stdout.trim().split('\n')).toEqual(['the end', 'done in the parent: a thread']);
	expect([stderr, code]).toEqual(['', 0]);
});

it('nothing is left by who was started by nobody', () => {
	expect(leaveWill('nobody', () => {}, {})).toBeUndefined();
});
