import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { encodeData, type FarHandle, type Shareable, share } from '@conc/core';
import {
	AuthenticationError,
	type Connection,
	ConnectionError,
	Lock,
	Manager,
	Pipe,
	Process,
} from '@conc/process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startManager } from './support/managers.js';
import { closed, got } from './support/meeting.js';
import { Other } from './support/others.js';
import {
	ASK,
	DONE,
	FAILED,
	frame,
	framed,
	GIVEN,
	HELLO,
	impostor,
	MESSAGES,
	own,
	Peer,
	RUN,
	sign,
	stranger,
	TEXT,
} from './support/peers.js';

const authkey = 'the right key';
const ROOT = 0;

const guarded = () => startManager({ address: { port: 0 }, authkey });

/** The manager goes on for who has the key, in this process and in another. */
async function stillServes({ address }: Manager): Promise<void> {
	const friend = await new Manager({ address, authkey }).connect();
	const list = await friend.list([1]);
	await list.append(2);
	expect(await list.values()).toEqual([1, 2]);
	expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

/** What a waiter is given. */
type Given = Shareable & { acquire(): Promise<boolean>; release(): void };

const words = (...args: unknown[]) => encodeData(args, 'args', 'args');

describe('a stranger', () => {
	it.each<[string, (challenge: Buffer) => Uint8Array]>([
		['garbage', () => Buffer.alloc(200, 7)],
		['another protocol', () => Buffer.from(`GET / HTTP/1.1\r\nHost: ${'x'.repeat(99)}\r\n\r\n`)],
		['the challenge reflected', (c) => Buffer.concat([c, c])],
		['the proof of the other role', (c) => Buffer.concat([own, sign(authkey, 'broker', c, own)])],
		['a proof by another key', (c) => Buffer.concat([own, sign('another key', 'client', c, own)])],
		['a proof of another challenge', () => Buffer.concat([own, sign(authkey, 'client', own, own)])],
		['a message before any proof', () => Buffer.concat([frame([HELLO, 'me', 'events']), Buffer.alloc(64)])],
	])('is turned away for %s', async (_, answer) => {
		const manager = await guarded();
		const socket = await stranger(manager.address);
		socket.write(answer(await got(socket, 32)));
		await closed(socket);
		await stillServes(manager);
	});

	it('is turned away who says nothing, or half, for five seconds; nobody waits for it', async () => {
		const manager = await guarded();
		const silent = await stranger(manager.address);
		const half = await stranger(manager.address);
		half.write(own);
		await stillServes(manager);
		await Promise.all([closed(silent), closed(half)]);
	}, 30_000);

	it('may come two thousand times', async () => {
		const manager = await guarded();
		const sockets: Socket[] = [];
		for (let n = 0; n < 20; n++) {
			const some = Array.from({ length: 100 }, () => stranger(manager.address));
			sockets.push(...(await Promise.all(some)));
		}
		for (const socket of sockets) socket.destroy();
		const connecting = async (): Promise<void> =>
			stillServes(manager).catch((error: unknown) => {
				if (!(error instanceof AuthenticationError)) throw error;
				return connecting(); // it was turned away as one too many, until the others are seen to be gone
			});
		await connecting();
	});
});

describe('a client that has the key', () => {
	it.each<[string, Uint8Array]>([
		['bytes that are no message', framed(Buffer.from('hello'), MESSAGES)],
		['bytes that are no frame', Buffer.alloc(20, 7)],
		['text that is no JSON', framed(Buffer.from('{'), TEXT)],
		['a message that is no list', frame({ type: 'hello' })],
		['another first word', frame([ASK, 1, ROOT, '', 'greet', [], null])],
		['no name', frame([HELLO, 7, 'events'])],
		['no such lane', frame([HELLO, 'me', 'fast'])],
		['a message that is longer than allowed', framed(Buffer.alloc(0), TEXT, 2 ** 32 - 1)],
		['a second introduction', Buffer.concat([frame([HELLO, 'x', 'events']), frame([HELLO, 'x', 'events'])])],
		['an unknown message', Buffer.concat([frame([HELLO, 'x', 'events']), frame([99, 1])])],
		...[
			[ASK, 'x', ROOT, '', 'greet', [], null],
			[ASK, 1, 0.5, '', 'greet', [], null],
			[ASK, 1, { __proto__: null }, '', 'greet', [], null],
			[ASK, 1, ROOT, null, 'greet', [], null],
			[ASK, 1, ROOT, '', ['greet'], [], null],
			[ASK, 1, ROOT, '', 'greet', {}, null],
			[ASK, 1, ROOT, '', 'greet', 'text', null],
			[ASK, 1, ROOT, '', 'greet'],
			[ASK, 1, ROOT, '', 'greet', [], 'soon'],
		].map((question): [string, Uint8Array] => [
			`the question ${JSON.stringify(question)}`,
			Buffer.concat([frame([HELLO, 'x', 'events']), frame(question)]),
		]),
		...[
			[RUN],
			[RUN, ASK, [[]]],
			[RUN, [ASK, 1, ROOT, '', 'greet', null, null], 'values'],
			[RUN, [ASK, 'x', ROOT, '', 'greet', null, null], [[]]],
			[RUN, [ASK, 1, ROOT, '', 'greet', null, null], [[], 'no arguments']],
			[RUN, [ASK, 1], [[]]],
			[RUN, [99, 1], [null]],
			[RUN, ['constructor', 1], [null]],
			[RUN, [RUN, 1, []], [null]],
			[RUN, [ASK, 1, ROOT, '', 'greet', null, null, 0, 0], [[]]],
		].map((run): [string, Uint8Array] => [
			`the run ${JSON.stringify(run)}`,
			Buffer.concat([frame([HELLO, 'x', 'events']), frame(run)]),
		]),
	])('loses its connection for %s', async (_, bytes) => {
		const manager = await guarded();
		const peer = await Peer.of(manager.address, authkey);
		peer.socket.write(bytes);
		await closed(peer.socket);
		await stillServes(manager);
	});

	it('loses its connection for a number nested too deeply to be told back', async () => {
		const manager = await guarded();
		const peer = await Peer.introduced(manager.address, authkey);
		const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
		peer.socket.write(framed(Buffer.from(`[[${ASK},${deep},${ROOT},"","greet",[],null]]`), TEXT));
		await closed(peer.socket);
		await stillServes(manager);
	});

	it('is not waited for when a message is cut off', async () => {
		const manager = await guarded();
		const peer = await Peer.introduced(manager.address, authkey);
		peer.socket.end(frame([ASK, 1, ROOT, '', 'create', ['dict', words()], null]).subarray(0, -3));
		await stillServes(manager);
	});

	it('is told what is not there, and what is no operation', async () => {
		const manager = await guarded();
		const peer = await Peer.introduced(manager.address, authkey);
		for (const target of [1e9, -1e9, Number.MAX_SAFE_INTEGER])
			expect((await peer.ask(target, 'greet', []))[0]).toBe(FAILED);
		const members = [
			...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'],
			...['close', 'obey', '#find', ''],
		];
		for (const member of members) {
			expect((await peer.ask(ROOT, member, []))[0]).toBe(FAILED);
			expect((await peer.ask(ROOT, 'greet', [], member === '' ? 'x' : member))[0]).toBe(FAILED);
			expect((await peer.ask(ROOT, 'create', [member, words()]))[0]).toBe(FAILED);
		}
		const [, , bytes] = await peer.ask(ROOT, 'create', ['lock', words()]);
		expect(bytes).toBeInstanceOf(Uint8Array);
		for (const args of [[], [1, 2, 3], [undefined, words()]])
			expect((await peer.ask(ROOT, 'create', args))[0]).toBe(FAILED);
		await stillServes(manager);
	});

	it('cannot have anything of an object but its methods', async () => {
		const manager = await guarded();
		await manager.dict();
		const peer = await Peer.introduced(manager.address, authkey);
		await peer.ask(ROOT, 'create', ['dict', words()]);
		let calls = 0;
		for (let id = -1; id > -5; id--) {
			for (const name of ['constructor', '__proto__', 'toString', 'invoke', 'look', '#map', 'nothing']) {
				expect((await peer.ask(id, 'invoke', [name, words()]))[0]).toBe(FAILED);
				expect((await peer.ask(id, 'look', [name]))[0]).toBe(FAILED);
				calls++;
			}
		}
		expect(calls).toBe(28);
		await stillServes(manager);
	});

	it('cannot send code, in arguments or as items of a queue', async () => {
		const manager = await guarded();
		const queue = await manager.queue();
		await queue.put('first');
		const { id } = queue[share]('process') as FarHandle;
		const peer = await Peer.introduced(manager.address, authkey);
		for (const kind of [0, 1, 9, 256, 0.5, '0', [0], null]) {
			const [type, , failure] = await peer.ask(id, 'putItemNow', [[kind, serialize('code'), 0, 0]]);
			expect(type).toBe(FAILED);
			expect((failure as Error).message).toContain('only data does');
			expect((await peer.ask(id, 'putItem', [[kind, serialize('code'), 0, 0]]))[0]).toBe(FAILED);
		}
		const [text, constant, number, data] = [2, 3, 4, 5];
		const bytes = serialize('data');
		const bad = [
			...[undefined, null, {}, new Map([[0, 0]]), [], [0], [data, bytes, 0], [data, bytes, 0, 0, 0]],
			...['text', null, { length: -64 }, { length: 1e6 }, [1]].map((content) => [data, content, 0, 0]),
			...[null, new Uint8Array(2), new Uint8Array([9])].map((content) => [constant, content, 0, 0]),
			...[[text, bytes, 0, 0], [text, 'x'.repeat(2_000), 0, 0], 'x'.repeat(2_000), [number, bytes, 1, 0]],
			...[
				[data, bytes, '0', 0],
				[data, bytes, 0, Number.NaN],
				[data, bytes, 0, '1'],
			],
		];
		for (const item of bad) expect((await peer.ask(id, 'putItemNow', [item]))[0]).toBe(FAILED);
		expect(await queue.get()).toBe('first');
		const evil = serialize({ root: [], specials: [{ type: 'builtin', module: '', path: ['eval'] }] });
		expect((await peer.ask(ROOT, 'create', ['list', evil]))[0]).toBe(FAILED);
		await stillServes(manager);
	});

	it('cannot name objects that are not there, or are of another kind', async () => {
		const manager = await guarded();
		const lock = await manager.lock();
		const { id } = lock[share]('process') as FarHandle;
		const peer = await Peer.introduced(manager.address, authkey);
		const named = (reference: object) => {
			const there = new (class There {})();
			return encodeData([[there]], 'args', 'args', (found) => (found === there ? reference : undefined));
		};
		const detail = { home: { at: { path: '/tmp/evil' }, authkey: null, pid: 1, name: 'evil' } };
		const references = [
			{ package: '@conc/lock', name: 'Lock', id: 1e9, label: 'x', detail },
			{ package: '@conc/lock', name: 'Queue', id, label: 'x', detail },
			{ package: '@conc/lock', name: 'RWLock', id, label: 'x', detail },
			{ package: '@conc/process', name: 'ManagerProxy', id, label: 'x', detail },
			{ package: '@conc/process', name: 'ManagerProxy', id: ROOT, label: 'x', detail },
			{ package: '@conc/process', name: 'Process', id, label: 'x', detail },
			{ package: '@conc/core', name: 'startProcess', id, label: 'x', detail },
			{ package: '__proto__', name: 'constructor', id, label: 'x', detail },
		];
		for (const reference of references)
			expect((await peer.ask(ROOT, 'create', ['list', named(reference)]))[0]).toBe(FAILED);
		const known = { package: '@conc/lock', name: 'Lock', id, label: 'x', detail: null };
		expect((await peer.ask(ROOT, 'create', ['list', named(known)]))[0]).not.toBe(FAILED);
		expect(await lock.acquire()).toBe(true);
		await stillServes(manager);
	});

	it.each<[string, (manager: Manager) => Promise<Given>]>([
		['Lock', async (manager) => (await manager.lock()) as Given],
		['RLock', async (manager) => (await manager.rlock()) as Given],
		['BoundedSemaphore', async (manager) => (await manager.boundedSemaphore(1)) as Given],
	])('may release a %s that it has not said it has, and leave', async (_, make) => {
		const manager = await guarded();
		const held = await make(manager);
		await held.acquire();
		const { id } = held[share]('process') as FarHandle;
		const peer = await Peer.introduced(manager.address, authkey);
		const given = peer.ask(id, 'acquire', []);
		await stillServes(manager); // it waits by then
		held.release();
		expect((await given).flat()).toEqual([RUN, GIVEN, 1, null, true]);
		expect(await peer.ask(id, 'release', [])).toEqual([DONE, 1, undefined]);
		peer.socket.destroy();
		await closed(peer.socket);
		await stillServes(manager);
		expect(await held.acquire()).toBe(true);
	});

	it('costs nobody but itself anything, whatever it sends', async () => {
		const manager = await guarded();
		const friend = await new Manager({ address: manager.address, authkey }).connect();
		const list = await friend.list<number>();
		const part = fc.oneof(
			fc.integer({ min: -3, max: 12 }),
			fc.constantFrom('', 'create', 'greet', 'invoke', 'look', 'dict', 'constructor', '__proto__', 'events'),
			fc.jsonValue({ maxDepth: 3 }),
			fc.uint8Array({ maxLength: 20 }),
		);
		const message = fc.array(part, { maxLength: 8 });
		const bytes = fc.oneof(
			message.map((one) => frame(one)),
			message.map((one) => framed(Buffer.from(JSON.stringify([one])), TEXT)),
			fc.uint8Array({ maxLength: 60 }).map((one) => framed(one, MESSAGES)),
			fc.uint8Array({ maxLength: 60 }),
		);
		let sent = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(bytes, { maxLength: 6 }), async (pieces) => {
				const peer = await Peer.introduced(manager.address, authkey);
				for (const piece of pieces) peer.socket.write(piece);
				peer.socket.end();
				await closed(peer.socket);
				await list.append(sent++);
			}),
			{ numRuns: 100, seed: 7 },
		);
		expect(list.length).toBe(sent);
		await stillServes(manager);
	});
});

describe('a server that has the key and is no manager', () => {
	it.each<[string, Uint8Array]>([
		['bytes that are no frame', Buffer.alloc(20, 7)],
		['text that is no JSON', framed(Buffer.from('{'), TEXT)],
		['bytes that are no message', framed(Buffer.from('hello'), MESSAGES)],
		['a message that is no list', frame({ type: 'hello' })],
	])('is lost for who sends it a question and gets %s', async (_, answer) => {
		const port = await impostor(authkey, answer);
		await expect(new Manager({ address: { port }, authkey }).connect()).rejects.toThrow(ConnectionError);
	});
});

describe.skipIf(process.platform === 'win32')('the socket of a process for others', () => {
	const all = join(tmpdir(), `conc-${process.getuid?.()}`);
	const roomsOf = (pid: number) => readdirSync(all).filter((name) => name.startsWith(`${pid}-`));
	const modeOf = (path: string) => statSync(path).mode & 0o777;

	/** A process that has one, until it is told to end. */
	async function served(): Promise<{ pid: number; user: Other; control: Connection }> {
		const [control, there] = Pipe<unknown>();
		const user = new Other('process', async () => {
			const lock = new Lock();
			await new Process({ target: () => lock.locked }).start().join();
			await there.send(process.pid);
			await there.recv();
		});
		return { pid: (await control.recv()) as number, user, control };
	}

	it('is where only this user may look, and goes with its process', async () => {
		const { pid, user, control } = await served();
		expect(modeOf(all)).toBe(0o700);
		const [room = '', ...more] = roomsOf(pid);
		expect(more).toEqual([]);
		expect(modeOf(join(all, room))).toBe(0o700);
		await control.send('end');
		await user.result;
		while (roomsOf(pid).length > 0) await sleep(2);
	});

	it('is cleared away by the next one when its process was killed', async () => {
		const { pid, user } = await served();
		await user.end();
		expect(roomsOf(pid)).toHaveLength(1);
		const next = await served();
		while (roomsOf(pid).length > 0) await sleep(2);
		expect(roomsOf(next.pid)).toHaveLength(1);
	});

	it('is not lost because something else there cannot be read, as when two clear away the same', async () => {
		mkdirSync(all, { recursive: true, mode: 0o700 });
		const stray = join(all, `${2 ** 31 - 1}-of-no-process`);
		writeFileSync(stray, 'a file, where directories are expected');
		try {
			const { control, user } = await served();
			await control.send('end');
			await user.result;
			expect(existsSync(stray)).toBe(false);
		} finally {
			rmSync(stray, { force: true });
		}
	});
});
