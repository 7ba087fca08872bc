import { once } from 'node:events';
import { Serializer } from 'node:v8';
import {
	CaptureError,
	type Connection,
	ConnectionError,
	connect,
	EndOfStreamError,
	TimeoutError,
} from '@conc/process';
import { describe, expect, it } from 'vitest';
import {
	BYTES,
	closed,
	frame,
	listen,
	meet,
	meetChild,
	stranger,
	VALUE,
	type Way,
} from './support/meeting.js';
import { everyKind } from './support/values.js';

const MB = 2 ** 20;

describe.each(['path', 'TCP', 'pipe'] as const)('a connection by %s', (way: Way) => {
	it('carries every kind of data to another process and back', async () => {
		const [child, connection] = await meetChild(way, async (connection) => {
			for await (const value of connection) await connection.send(value);
		});
		for (const value of everyKind()) {
			await connection.send(value);
			expect(await connection.recv()).toStrictEqual(value);
		}
		const large = Buffer.alloc(16 * MB, 7);
		await connection.send({ large });
		expect(large.equals(((await connection.recv()) as { large: Buffer }).large)).toBe(true);
		const cause = new RangeError('inner');
		await connection.send(new TypeError('outer', { cause }));
		const error = (await connection.recv()) as TypeError;
		expect(error).toBeInstanceOf(TypeError);
		expect([error.message, (error.cause as Error).message]).toEqual(['outer', 'inner']);
		expect(error.cause).toBeInstanceOf(RangeError);
		connection.close();
		await child.join();
		expect(child.exitCode).toBe(0);
	});

	it('keeps the borders of messages, of bytes too', async () => {
		const [here, there] = await meet(way);
		for (const size of [0, 1, 5, 4095, 4096, 70_000, 32 * MB]) {
			const bytes = new Uint8Array(size).fill(size % 251);
			const [received] = await Promise.all([there.recvBytes(), here.sendBytes(bytes)]);
			expect(Buffer.compare(received, bytes)).toBe(0);
		}
		for (const text of ['a', 'b', 'c']) await here.send(text);
		for (const text of ['a', 'b', 'c']) {
			expect(await there.poll()).toBe(true);
			expect(there.pollSync()).toBe(true);
			expect(await there.recv()).toBe(text);
		}
		expect(await there.poll()).toBe(false);
		expect(there.pollSync({ timeout: 1 })).toBe(false);
		const later = there.poll({ timeout: Number.POSITIVE_INFINITY });
		await here.send('d');
		expect(await later).toBe(true);
		expect(await there.recv()).toBe('d');
	});

	it('shows at once what has been sent, before the event loop comes round to it', async () => {
		const [here, there] = await meet(way);
		here.sendSync(1);
		expect(await there.poll()).toBe(true);
		expect(await there.recv({ timeout: 0 })).toBe(1);
		await expect(there.recv({ timeout: 0 })).rejects.toBeInstanceOf(TimeoutError);
		expect(() => there.recvSync({ timeout: 0 })).toThrow(TimeoutError);
	});

	it('answers those who wait in their order, and who gives up has taken nothing', async () => {
		const [here, there] = await meet(way);
		const abort = new AbortController();
		const first = there.recv();
		const aborted = there.recv({ signal: abort.signal });
		const late = expect(there.recv({ timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
		const second = there.recv();
		abort.abort(new Error('enough'));
		await expect(aborted).rejects.toThrow('enough');
		await late;
		await here.send(1);
		await here.send(2);
		expect([await first, await second]).toEqual([1, 2]);
		await expect(there.recv({ signal: abort.signal })).rejects.toThrow('enough');
		// Aborted when the message is there, and may have been handed over.
		const race = new AbortController();
		const raced = there.recv({ signal: race.signal });
		here.sendSync('on its way');
		race.abort(new Error('too late'));
		expect(await raced.catch(() => there.recv())).toBe('on its way');
	});

	it('ends for who waits when the process at the other end is killed, after all it had sent', async () => {
		const [child, connection, control] = await meetChild(way, async (connection, control) => {
			for (const n of [1, 2, 3]) connection.sendSync(n);
			control.sendSync('sent');
			await control.recv();
		});
		expect(await control.recv()).toBe('sent');
		expect(await connection.recv()).toBe(1);
		const ended = expect(control.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		await child.kill();
		await ended;
		const rest = [connection.recv(), connection.recv(), connection.recv(), connection.recv()];
		const settled = await Promise.allSettled(rest);
		expect(settled.slice(0, 2)).toEqual([2, 3].map((value) => ({ status: 'fulfilled', value })));
		for (const one of settled.slice(2))
			expect((one as PromiseRejectedResult).reason).toBeInstanceOf(EndOfStreamError);
		expect(() => connection.recvSync()).toThrow(EndOfStreamError);
		expect(await connection.poll()).toBe(true);
		await expect(connection.send(1)).rejects.toBeInstanceOf(EndOfStreamError);
		expect(() => connection.sendSync(1)).toThrow(EndOfStreamError);
	});

	it('ends for a thread that blocks in recvSync', async () => {
		const [child, connection] = await meetChild(way, async (connection) => {
			await connection.send('last words');
			process.kill(process.pid, 'SIGKILL');
		});
		expect(connection.recvSync()).toBe('last words');
		expect(() => connection.recvSync()).toThrow(EndOfStreamError);
		await child.join();
	});

	it('is iterated until the other end closes it', async () => {
		const [here, there] = await meet(way);
		for (const n of [1, 2]) await here.send(n);
		here.close();
		const values: unknown[] = [];
		for await (const value of there) values.push(value);
		expect(values).toEqual([1, 2]);
	});

	it('refuses all use when it is closed, and may be closed twice', async () => {
		const [here, there] = await meet(way);
		const waiting = here.recv();
		here.close();
		here.close();
		expect(here.closed).toBe(true);
		expect(String(here)).toContain('closed');
		await expect(waiting).rejects.toThrow(ConnectionError);
		await expect(here.recv()).rejects.toThrow('is closed');
		await expect(here.send(1)).rejects.toThrow('is closed');
		await expect(here.poll()).rejects.toThrow('is closed');
		expect(() => here.recvSync()).toThrow('is closed');
		expect(() => here.sendSync(1)).toThrow('is closed');
		await expect(there.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		{
			using scoped = there;
			expect(scoped.closed).toBe(false);
		}
		expect(there.closed).toBe(true);
	});

	it('refuses what it cannot use, and goes on', async () => {
		const [here, there] = await meet(way);
		await expect(here.recv({ timeout: -1 })).rejects.toThrow(RangeError);
		await expect(here.recv({ timeout: '1' as never })).rejects.toThrow(TypeError);
		await expect(here.recv({ signal: {} as never })).rejects.toThrow(TypeError);
		await expect(here.poll({ timeout: Number.NaN })).rejects.toThrow(RangeError);
		expect(() => here.pollSync({ timeout: -1 })).toThrow(RangeError);
		await expect(here.sendBytes('text' as never)).rejects.toThrow(TypeError);
		await there.send('value');
		await expect(here.recvBytes()).rejects.toThrow('take it with recv()');
		expect(await here.recv()).toBe('value');
		await there.sendBytes(Uint8Array.of(1));
		await expect(here.recv()).rejects.toThrow('take it with recvBytes()');
		expect(await here.recvBytes()).toEqual(Uint8Array.of(1));
	});

	it('what is sent is a snapshot', async () => {
		const [here, there] = await meet(way);
		const bytes = new Uint8Array(16 * MB);
		const sent = here.sendBytes(bytes);
		bytes.fill(1);
		const received = await there.recvBytes();
		await sent;
		expect(received.some((byte) => byte !== 0)).toBe(false);
	});
});

describe.each(['path', 'TCP'] as const)('a connection to any program by %s', (way) => {
	it('loses and reorders nothing where awaiting and blocking are mixed', async () => {
		const count = 400;
		const [child, connection] = await meetChild(way, async (connection) => {
			const filler = 'x'.repeat(3_000);
			const sent: Promise<void>[] = [];
			for (let at = 0; at < count; at++) {
				if (at % 5 === 4) connection.sendSync([at, filler]);
				else sent.push(connection.send([at, filler]));
			}
			await Promise.all(sent);
		});
		const received: number[] = [];
		const note = (message: unknown) => received.push((message as [number])[0]);
		for (let turn = 0; turn < count; turn += 4) {
			const first = connection.recv().then(note);
			const second = connection.recv().then(note);
			await first;
			if (turn % 3 === 0) {
				const third = connection.recvSync();
				await second;
				note(third);
			} else {
				await second;
				note(await connection.recv());
			}
			note(connection.recvSync());
		}
		expect(received).toEqual(Array.from({ length: count }, (_, at) => at));
		await expect(connection.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		await child.join();
	});

	it('blocks and awaits while the other end does not read, until it does', async () => {
		const [child, data, control] = await meetChild(way, async (data, control) => {
			let isSent = false;
			const sent = data.sendBytes(new Uint8Array(2 ** 25)).then(() => {
				isSent = true;
			});
			await control.recv();
			await control.send(isSent);
			await sent;
			await control.send('awaited');
			data.sendSync(new Uint8Array(2 ** 25));
			control.sendSync('blocked');
		});
		await control.send('how is it?');
		expect(await control.recv()).toBe(false);
		expect((await data.recvBytes()).length).toBe(2 ** 25);
		expect(await control.recv()).toBe('awaited');
		expect(await control.poll()).toBe(false);
		expect(data.recvSync()).toHaveLength(2 ** 25);
		expect(control.recvSync()).toBe('blocked');
		await child.join();
	});

	it('is not lost for who gives up after it has been handed over', async () => {
		const [here, there] = await meet(way);
		const race = new AbortController();
		const raced = there.recv({ signal: race.signal });
		here.sendSync('handed over');
		expect(there.pollSync()).toBe(false);
		race.abort(new Error('too late'));
		expect(await raced).toBe('handed over');
	});

	it('ends for one whose message is half gone', async () => {
		const [here, there] = await meet(way);
		const sending = here.sendBytes(new Uint8Array(32 * MB));
		there.close();
		await expect(sending).rejects.toBeInstanceOf(EndOfStreamError);
	});

	it('refuses functions, classes and what is shared, with the path to the culprit', async () => {
		const [here, there] = await meet(way);
		class Point {
			x = 1;
		}
		class MyError extends Error {}
		const refused: [unknown, string][] = [
			[{ handlers: [() => 1] }, '`message.handlers[0]` is a function'],
			[new Map([['make', Point]]), '`message.make` is the class Point'],
			[{ at: new Point() }, '`message.at.constructor` is the class Point'],
			[[new MyError('m')], '`message[0].constructor` is the class MyError'],
			[{ log: console.log }, '`message.log` is the function log'],
			[{ tools: Math }, "`message.tools` is Node's own Math"],
			[AbortSignal.timeout(1e9), '`message` is an AbortSignal'],
			[new Uint8Array(new SharedArrayBuffer(4)), 'memory shared between threads'],
		];
		for (const [value, words] of refused) {
			const error = await here.send(value).catch((reason: unknown) => reason);
			expect(error).toBeInstanceOf(CaptureError);
			expect((error as Error).message).toContain(words);
			expect(() => here.sendSync(value)).toThrow(words);
		}
		await here.send('and goes on');
		expect(await there.recv()).toBe('and goes on');
	});

	it('sends no message longer than is allowed, and ends when one comes', async () => {
		const [here, there] = await meet(way, { maxMessageBytes: 1_000 });
		await expect(here.send('x'.repeat(2_000))).rejects.toThrow('maxMessageBytes');
		await expect(here.sendBytes(new Uint8Array(1_001))).rejects.toThrow('maxMessageBytes');
		await here.sendBytes(new Uint8Array(1_000));
		expect(await there.recvBytes()).toHaveLength(1_000);
	});
});

type Arrives = (connection: Connection) => Promise<void>;

/** What a stranger writes to a listener without a key, and what becomes of its connection. */
async function written(bytes: Uint8Array[], check: Arrives, maxMessageBytes = MB): Promise<void> {
	const { listener } = await listen('path', { maxMessageBytes });
	const socket = await stranger(listener.address);
	const connection = await listener.accept();
	for (const piece of bytes) {
		if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
	}
	socket.end();
	await check(connection);
	connection.close();
	await closed(socket);
}

const hello = Buffer.from('ff0f4622026869', 'hex');

describe('a peer that is no connection of ours', () => {
	it('may cut a message into single bytes', async () => {
		const bytes = Buffer.concat([frame(VALUE, hello), frame(VALUE, hello)]);
		await written(
			[...bytes].map((byte) => Uint8Array.of(byte)),
			async (connection) => {
				expect([await connection.recv(), await connection.recv()]).toEqual(['hi', 'hi']);
				await expect(connection.recv()).rejects.toBeInstanceOf(EndOfStreamError);
			},
		);
	});

	it.each([
		['an unknown kind', frame(7, hello)],
		['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
		['a length that is too long', frame(VALUE, hello, 2 ** 32 - 1)],
		['a length above the limit', frame(VALUE, hello, MB + 1)],
		['a message that ends too early', frame(VALUE, hello, hello.length + 1)],
		['a header that ends too early', frame(VALUE, hello).subarray(0, 3)],
		['no value', frame(VALUE, Buffer.alloc(0))],
		['bytes that are no value', frame(VALUE, Buffer.from('hello'))],
		['a value that is cut off', frame(VALUE, hello.subarray(0, -1))],
		['a handshake', frame(0xc3, hello)],
	])('loses its connection for %s', async (_, bytes) => {
		await written([bytes], async (connection) => {
			const error = (await connection.recv().catch((reason: unknown) => reason)) as Error;
			expect(['ConnectionError', 'AuthenticationError']).toContain(error.name);
			await expect(connection.recv()).rejects.toBe(error);
			expect(() => connection.recvSync()).toThrow(error);
			await expect(connection.send(1)).rejects.toThrow();
		});
	});

	/** A value with parts that are described beside it, as an encoder could have made it that keeps to no rule. */
	function forged(specials: unknown[], patches: (root: unknown[]) => unknown[]): Buffer {
		const root: unknown[] = [{ place: undefined }];
		return graph({ root, specials, patches: patches(root), cells: [], units: [], constant: false });
	}

	function graph(content: unknown): Buffer {
		const serializer = new Serializer();
		serializer.writeHeader();
		serializer.writeValue(true);
		serializer.writeValue(content);
		return serializer.releaseBuffer();
	}

	const builtin = (...path: string[]) => ({ type: 'builtin', module: '', path });
	const inRoot = (root: unknown[]) => [[root, 0, 0]];
	const url = { type: 'url', href: 'http://a.b' };
	const error = { type: 'error', class: 0, stack: '', keys: [], values: [] };

	it('can send what is described as ours is', async () => {
		const described: [unknown[], string][] = [
			[[url], 'URL'],
			[[builtin('Symbol', 'iterator')], 'Symbol'],
			[
				[error, builtin('RangeError')].map((one) => (one === error ? { ...error, class: 1 } : one)),
				'RangeError',
			],
		];
		for (const [specials, name] of described) {
			await written([frame(VALUE, forged(specials, inRoot))], async (connection) => {
				const value = (await connection.recv()) as { constructor: { name: string } };
				expect(value.constructor.name).toBe(name);
			});
		}
	});

	it.each([
		[
			'a function',
			forged([{ type: 'function', id: 'a', template: 'a', name: '', cells: [], assigned: [] }], inRoot),
		],
		['a built-in function', forged([builtin('eval')], inRoot)],
		['a path to a function', forged([builtin('Symbol', 'for')], inRoot)],
		['a path through a prototype', forged([builtin('constructor', 'constructor')], inRoot)],
		['a module', forged([{ type: 'builtin', module: 'child_process', path: ['execSync'] }], inRoot)],
		['an import', forged([{ type: 'import', specifier: 'node:fs', parent: 'file:///', name: '*' }], inRoot)],
		['an export', forged([{ type: 'export', module: 'node:fs', path: ['rmSync'] }], inRoot)],
		['a require', forged([{ type: 'require', url: 'file:///' }], inRoot)],
		[
			'an export of this package',
			forged([{ type: 'package', package: '@conc/process', name: 'Process' }], inRoot),
		],
		[
			'a shareable',
			forged([{ type: 'shareable', class: 1, handle: [1], needs: [0, 0] }, builtin('Error')], inRoot),
		],
		['an instance', forged([{ type: 'instance', target: {}, class: 1 }, builtin('Error')], inRoot)],
		['a prototype of a class', forged([{ type: 'class-prototype', class: 1 }, builtin('Error')], inRoot)],
		['a Map of a class', forged([{ type: 'map', entries: [], own: {}, class: 1 }, builtin('Error')], inRoot)],
		['a class for a value', forged([builtin('Error')], inRoot)],
		['an error of no class', forged([{ ...error, class: 9 }], inRoot)],
		['a kind named by the prototype', forged([{ type: '__proto__' }], inRoot)],
		['an unknown kind', forged([{ type: { toString: 1 } }], inRoot)],
		['a special that is not there', forged([], inRoot)],
		['a place that is not there', forged([url], () => [[[], 5, 0]])],
		['a place in a number', forged([url], () => [[5, 0, 0]])],
		[
			'a list of four billion',
			forged([{ type: 'set', items: new Array(2 ** 32 - 1), own: {}, class: -1 }], inRoot),
		],
		['a list made longer', forged([url], () => [[[], 'length', 0]])],
		[
			'a prototype that goes round',
			(() => {
				const target: { prototype?: unknown } = {};
				return forged([{ type: 'prototype', target, prototype: [target] }], inRoot);
			})(),
		],
		['an address that is none', forged([{ type: 'url', href: 'no' }], inRoot)],
		['no graph', graph(null)],
		['an empty graph', graph({})],
	])('cannot send %s', async (_, body) => {
		const before = Object.getOwnPropertyNames(Object.prototype);
		await written([frame(VALUE, body)], async (connection) => {
			await expect(connection.recv()).rejects.toBeInstanceOf(ConnectionError);
		});
		expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
	});

	it('cannot change what was looked at, by describing parts of the description', async () => {
		const later: Record<string, unknown> = { ...url };
		const evil = { type: 'builtin', module: '', path: ['eval'] };
		const specials = [{ type: 'prototype', target: evil, prototype: [null] }, later];
		const root = [{ place: undefined }];
		const patches = [
			[specials, 1, 0],
			[root, 0, 1],
		];
		const body = graph({ root, specials, patches, cells: [], units: [], constant: false });
		await written([frame(VALUE, body)], async (connection) => {
			expect(await connection.recv()).toBeInstanceOf(URL);
		});
	});

	it('costs nobody but itself anything, whatever it sends', async () => {
		const { listener } = await listen('path', { maxMessageBytes: MB });
		const friend = await connect(listener.address);
		const served = await listener.accept();
		const samples = [
			frame(VALUE, hello),
			frame(BYTES, Buffer.alloc(50)),
			frame(
				VALUE,
				forged([{ type: 'map', entries: [1, 2], own: {}, class: -1 }, url, builtin('Error')], inRoot),
			),
		];
		let seed = 7;
		const random = (below: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
			return Math.floor((seed / 2 ** 31) * below);
		};
		for (let round = 0; round < 300; round++) {
			const bytes = Buffer.concat(Array.from({ length: 3 }, () => samples[random(samples.length)] as Buffer));
			for (let change = random(6); change > 0; change--) bytes[random(bytes.length)] = random(256);
			const socket = await stranger(listener.address);
			const connection = await listener.accept();
			socket.end(bytes.subarray(0, random(bytes.length + 1)));
			for (let failure: unknown; failure === undefined; ) {
				failure = await connection.recv().then(
					() => undefined,
					(reason: Error) => reason,
				);
				if (failure instanceof ConnectionError && failure.message.includes('recvBytes')) {
					await connection.recvBytes();
					failure = undefined;
				} else if (failure !== undefined) {
					expect(['ConnectionError', 'AuthenticationError', 'EndOfStreamError']).toContain(
						(failure as Error).name,
					);
				}
			}
			connection.close();
			socket.destroy();
		}
		await friend.send('still here');
		expect(await served.recv()).toBe('still here');
		expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
		friend.close();
		served.close();
	});

	it('is not read further than somebody takes of it', async () => {
		const { listener } = await listen('path');
		const socket = await stranger(listener.address);
		const connection = await listener.accept();
		const flood = Buffer.concat(Array.from({ length: 10_000 }, () => frame(VALUE, hello)));
		let hasRoom = true;
		for (let n = 0; n < 100; n++) hasRoom = socket.write(flood);
		expect(hasRoom).toBe(false);
		for (let n = 0; n < 1_000; n++) expect(await connection.recv()).toBe('hi');
		// What the system and the stream hold is far less than what waits at the other end.
		expect(socket.writableLength).toBeGreaterThan(50 * flood.length);
		connection.close();
	});

	it('is refused a message that is too long as soon as it says so', async () => {
		const { listener } = await listen('path', { maxMessageBytes: MB });
		const socket = await stranger(listener.address);
		const connection = await listener.accept();
		socket.write(frame(VALUE, Buffer.alloc(0), MB + 1));
		await expect(connection.recv()).rejects.toThrow(`a message of ${MB + 1} bytes, and ${MB} are allowed`);
		await closed(socket);
	});

	it('is not read at all while nobody waits', async () => {
		const { listener } = await listen('path');
		const socket = await stranger(listener.address);
		const connection = await listener.accept();
		const friend = await connect(listener.address);
		const served = await listener.accept();
		// The stream counts a piece as gone when all of it is.
		const bytes = frame(BYTES, new Uint8Array(32 * MB));
		socket.write(bytes.subarray(0, MB));
		socket.write(bytes.subarray(MB));
		for (let turn = 0; turn < 100; turn++) {
			await friend.send(turn);
			expect(await served.recv()).toBe(turn);
		}
		expect(socket.writableLength).toBe(bytes.length);
		expect(await connection.recvBytes()).toHaveLength(32 * MB);
		for (const one of [connection, friend, served]) one.close();
	});
});
