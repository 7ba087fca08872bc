import { existsSync, statSync, writeFileSync } from 'node:fs';
import { ConnectionError, connect, Listener, Process, TimeoutError } from '@conc/process';
import { describe, expect, it } from 'vitest';
import { listen, socketFile } from './support/meeting.js';
import { Program } from './support/programs.js';

describe.each(['path', 'TCP'] as const)('a listener by %s', (way) => {
	it('accepts those who connect in their order, and tells where it listens', async () => {
		const { listener, options } = await listen(way);
		const { port } = listener.address;
		expect(port === undefined || port > 0).toBe(true);
		for (const n of [1, 2, 3]) await (await connect(listener.address, options)).send(n);
		for (const n of [1, 2, 3]) {
			const connection = await listener.accept();
			expect(await connection.recv()).toBe(n);
			connection.close();
		}
	});

	it('sees at once what was sent before it accepted, and what a closed end had sent', async () => {
		const { listener, options } = await listen(way);
		const there = await connect(listener.address, options);
		await there.send('early');
		there.close();
		const connection = await listener.accept();
		expect(await connection.poll({ timeout: 10_000 })).toBe(true);
		expect(await connection.recv()).toBe('early');
	});

	it('lets those who wait in accept give up, and gives none of them a connection then', async () => {
		const { listener, options } = await listen(way);
		const abort = new AbortController();
		const aborted = expect(listener.accept({ signal: abort.signal })).rejects.toThrow('enough');
		const late = expect(listener.accept({ timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
		const waiting = listener.accept();
		abort.abort(new Error('enough'));
		await Promise.all([aborted, late]);
		const there = await connect(listener.address, options);
		const here = await waiting;
		await there.send('to whom?');
		expect(await here.recv()).toBe('to whom?');
	});

	it('can be used again at once by another when it is closed', async () => {
		const { listener, options } = await listen(way);
		const { address } = listener;
		const there = await connect(address, options);
		const here = await listener.accept();
		const waiting = expect(listener.accept()).rejects.toThrow('is closed');
		listener.close();
		listener.close();
		await waiting;
		await expect(listener.accept()).rejects.toBeInstanceOf(ConnectionError);
		await expect(connect(address, options)).rejects.toBeInstanceOf(ConnectionError);
		const second = new Listener(address, options);
		await second.ready;
		const [again] = await Promise.all([second.accept(), connect(address, options)]);
		again.close();
		second.close();
		await there.send('what was accepted stays open');
		expect(await here.recv()).toBe('what was accepted stays open');
	});

	it('refuses an address where another listens', async () => {
		const { listener, options } = await listen(way);
		const second = new Listener(listener.address, options);
		await expect(second.ready).rejects.toThrow('the address is in use');
		await expect(second.accept()).rejects.toBeInstanceOf(ConnectionError);
		const [here] = await Promise.all([listener.accept(), connect(listener.address, options)]);
		expect(here.closed).toBe(false);
		second.close();
	});

	it('is told apart from one that is not there', async () => {
		const { listener, options } = await listen(way);
		const { address } = listener;
		listener.close();
		await expect(connect(address, options)).rejects.toThrow('cannot connect');
		await expect(
			connect(address, { ...options, signal: AbortSignal.abort(new Error('no')) }),
		).rejects.toThrow('no');
	});

	it('does not keep the process alive, nor does a connection, unless something waits', async () => {
		const { code, stdout } = await new Program('idle-connection', { args: [way] }).ended;
		expect([stdout, code]).toEqual(['waited\n', 0]);
	});
});

describe('the file of a listener', () => {
	it('is for this user only, and is removed when the listener is closed', async () => {
		const path = socketFile();
		{
			await using listener = await new Listener({ path }).ready;
			expect(statSync(path).mode & 0o777).toBe(0o600);
			expect(listener.address).toEqual({ path });
		}
		expect(existsSync(path)).toBe(false);
	});

	it('is replaced when its listener has died', async () => {
		const path = socketFile();
		const child = new Process({
			target: async (path: string) => {
				await new Listener({ path }).ready;
				process.kill(process.pid, 'SIGKILL');
			},
			args: [path],
		}).start();
		child.result.catch(() => {});
		await child.join();
		expect(statSync(path).isSocket()).toBe(true);
		const listener = await new Listener({ path }).ready;
		await Promise.all([listener.accept(), connect({ path })]);
		listener.close();
	});

	it('never replaces a file that is no socket', async () => {
		const path = socketFile();
		writeFileSync(path, 'precious');
		await expect(new Listener({ path }).ready).rejects.toThrow('the address is in use');
		expect(statSync(path).size).toBe(8);
	});
});

describe('the options', () => {
	it('refuse TCP without an authkey', async () => {
		expect(() => new Listener({ port: 0 })).toThrow('an authkey is required');
		await expect(connect({ port: 1 })).rejects.toThrow('an authkey is required');
	});

	it.each([
		[{ path: '' }],
		[{ path: '\0abstract' }],
		[{ path: 'x'.repeat(200) }],
		[{ path: 5 }],
		[{ path: 'a', port: 1 }],
		[{ port: -1 }],
		[{ port: 1.5 }],
		[{ port: 65_536 }],
		[{ port: '1' }],
		[{ host: '', port: 1 }],
		[{}],
		[null],
	])('refuse the address %o', async (address) => {
		const bad = address as never;
		expect(() => new Listener(bad, { authkey: 'k' })).toThrow(/must be|an address has/);
		await expect(connect(bad, { authkey: 'k' })).rejects.toThrow(/must be|an address has/);
	});

	it.each([
		[{ authkey: '' }],
		[{ authkey: 5 }],
		[{ authkey: new Uint8Array(0) }],
		[{ maxMessageBytes: 0 }],
		[{ maxMessageBytes: 2 ** 32 }],
		[{ maxMessageBytes: Number.NaN }],
		[null],
	])('refuse %o', async (options) => {
		const bad = options as never;
		expect(() => new Listener({ path: 'a' }, bad)).toThrow(TypeError);
		await expect(connect({ path: 'a' }, bad)).rejects.toThrow(TypeError);
	});
});
