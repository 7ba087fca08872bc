import { once } from 'node:events';
import { createServer } from 'node:net';
import { currentCall, type Host, type Medium, makeCall, startProcess, startThread } from '@conc/core';
import { Local } from '@conc/local';
import { afterAll, describe, expect, test } from 'vitest';

/** What dispose was called with in this thread, by the name of the Local. */
function disposedHere(name: string): unknown[] {
	const home = globalThis as { disposed?: Record<string, unknown[]> };
	home.disposed ??= {};
	home.disposed[name] ??= [];
	return home.disposed[name];
}

interface Held {
	name: string;
	step: number;
	more?: unknown;
}

/** A Local that notes what is disposed of. */
function noting(name: string): Local<Held> {
	return new Local<Held>({
		name,
		init: () => ({ name, step: 0 }),
		dispose: (values) => disposedHere(values.name).push(values),
	});
}

const hosts = new Set<Host>();
afterAll(() => Promise.all([...hosts].map((host) => host.terminate())));

function start(kind: string, resourceLimits = {}): Host {
	const options = { name: `a ${kind}`, runs: 'many', keepsStderr: true, resourceLimits } as const;
	const { host } = kind === 'thread' ? startThread(options, []) : startProcess(options, [1]);
	hosts.add(host);
	return host;
}

const use = (local: Local<Held>) => local.step;

const kinds: Medium[] = ['thread', 'process'];

describe.each(kinds)('when a %s cannot dispose any more, it is done from outside', (kind) => {
	const ways = {
		'it is ended by who started it': (host: Host) => host.terminate('SIGKILL'),
		'it runs out of memory': (host: Host) =>
			host.call(() => {
				let list: object = {};
				for (;;) list = { list };
			}, []),
		...(kind === 'process' && { 'it aborts': (host: Host) => host.call(() => process.abort(), []) }),
	};

	test.each(Object.entries(ways))('once: %s', async (way, end) => {
		const name = `${kind}, ${way}`;
		const local = noting(name);
		const limits = kind === 'thread' ? { maxOldGenerationSizeMb: 16 } : { maxOldGenerationSizeMb: 32 };
		const host = start(kind, limits);
		await host.call(use, [local]);
		await end(host).catch(() => {});
		await host.exited;
		expect(disposedHere(name)).toEqual([{ name, step: 0 }]);
	});

	test('with what was set since, once the call is over', async () => {
		const name = `${kind} set`;
		const host = start(kind);
		const set = (held: Local<Held>) => {
			held.step = 1;
		};
		await host.call(set, [noting(name)]);
		await host.terminate('SIGKILL');
		expect(disposedHere(name)).toEqual([{ name, step: 1 }]);
	});

	test('with what was set since, once the code that set it pauses', async () => {
		const name = `${kind} pause`;
		const host = start(kind);
		const set = async (held: Local<Held>) => {
			held.step = 1;
			held.more = 'to be deleted';
			delete (held as Partial<Held>).more;
			held.step = 2;
			await null;
			currentCall()?.progress('set');
			await new Promise(() => {});
		};
		await new Promise((progress) => {
			const call = makeCall(set, [noting(name)], kind);
			host.run({ call, resolve() {}, reject() {}, progress });
		});
		await host.terminate('SIGKILL');
		expect(disposedHere(name)).toEqual([{ name, step: 2 }]);
	});

	test('not for what was disposed of there, by clear or by a clean end', async () => {
		const name = `${kind} there`;
		const local = noting(name);
		const cleared = start(kind);
		await cleared.call((held: Local<Held>) => [held.step, held.clear()], [local]);
		await cleared.terminate('SIGKILL');
		const ended = start(kind);
		await ended.call(use, [local]);
		ended.end();
		await ended.exited;
		expect(disposedHere(name)).toEqual([]);
	});

	test('nor for what cannot cross, which is no reason for init to fail', async () => {
		const local = new Local({
			name: `${kind} socket`,
			init: () => ({ server: createServer() }),
			dispose: () => disposedHere(`${kind} socket`).push('disposed'),
		});
		const host = start(kind);
		expect(await host.call((held: typeof local) => held.server.listening, [local])).toBe(false);
		await host.terminate('SIGKILL');
		expect(disposedHere(`${kind} socket`)).toEqual([]);
	});

	test('and what it throws is a warning that names the Local, and harms nobody', async () => {
		const failing = new Local({
			name: `${kind} failing`,
			init: () => ({ n: 1 }),
			dispose() {
				throw new RangeError('cannot');
			},
		});
		const fine = noting(`${kind} fine`);
		const host = start(kind);
		await host.call((one: typeof failing, other: typeof fine) => [one.n, other.step], [failing, fine]);
		const warned = once(process, 'warning');
		await host.terminate('SIGKILL');
		expect((await warned)[0]).toMatchObject({
			code: 'CONC_WILL_FAILED',
			message: expect.stringContaining(
				`dispose of Local "${kind} failing", in place of a ${kind} which has ended, failed: RangeError: cannot`,
			),
		});
		expect(disposedHere(`${kind} fine`)).toHaveLength(1);
	});
});
