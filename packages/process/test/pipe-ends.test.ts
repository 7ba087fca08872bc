import {
	type Connection,
	ConnectionError,
	EndOfStreamError,
	Pipe,
	Process,
	Queue,
	QueueFullError,
	QueueShutDownError,
	TimeoutError,
} from '@conc/process';
import { describe, expect, it } from 'vitest';
import { elsewhere, Other } from './support/others.js';

const MB = 2 ** 20;
/** How many messages may wait in a pipe. */
const MOST_MESSAGES = 1_024;

describe.each(elsewhere)('an end of a pipe in a %s', (medium) => {
	it('is an argument or a captured variable', async () => {
		const [here, there] = Pipe<number>();
		const given = new Other(medium, async (end: Connection<number>) => end.send((await end.recv()) + 1), [
			there,
		]);
		here.sendSync(1);
		expect(here.recvSync()).toBe(2);
		await given.result;
		const captured = new Other(medium, () => there.sendSync(there.recvSync() + 2));
		await here.send(2);
		expect(await here.recv()).toBe(4);
		await captured.result;
	});

	it('goes through a queue, and through another pipe', async () => {
		const queue = new Queue<Connection>();
		const [carrier, carried] = Pipe<Connection>();
		new Other(medium, async () => {
			await (await queue.get()).send('by queue');
			await (await carried.recv()).send('by pipe');
		});
		const [first, second] = [Pipe(), Pipe()];
		await queue.put(first[1]);
		await carrier.send(second[1]);
		expect(await first[0].recv()).toBe('by queue');
		expect(await second[0].recv()).toBe('by pipe');
		await expect(second[0].recv()).rejects.toBeInstanceOf(EndOfStreamError);
	});

	it('is still had by one who gave it away while waiting at it', async () => {
		const [here, there] = Pipe<string>();
		const queue = new Queue<Connection>();
		const received = here.recv();
		await queue.put(here);
		await new Other(medium, async () => (await queue.get()).close()).result;
		await there.send('for one who waits');
		expect(await received).toBe('for one who waits');
	});

	it('comes back over the pipe itself', async () => {
		const [here, there] = Pipe<unknown>();
		new Other(medium, async () => {
			const [own, given] = Pipe();
			await there.send(given);
			await own.send(await own.recv());
			await own.recv();
		});
		const end = (await here.recv()) as Connection;
		await end.send('to one who made it');
		expect(await end.recv()).toBe('to one who made it');
	});

	it('speaks with a sibling, without us', async () => {
		const [first, second] = Pipe<string>();
		const asker = new Other(
			medium,
			async (end: Connection<string>) => {
				await end.send('how are you?');
				return end.recv();
			},
			[first],
		);
		const answerer = new Other(medium, (end: Connection<string>) => end.sendSync(`asked ${end.recvSync()}`), [
			second,
		]);
		await answerer.result;
		expect(await asker.result).toBe('asked how are you?');
	});

	it('goes on to a grandchild', async () => {
		const [here, there] = Pipe();
		const other = new Other(medium, async () => {
			const child = new Process({ target: async () => there.send(process.ppid) }).start();
			await child.join();
			return process.pid;
		});
		expect(await here.recv()).toBe(await other.result);
		await expect(here.recv()).rejects.toBeInstanceOf(EndOfStreamError);
	});

	it('carries functions, and instances of classes, there and back', async () => {
		const factor = 3;
		class Point {
			constructor(readonly x: number) {}
			scaled() {
				return new Point(this.x * factor);
			}
		}
		class OwnError extends Error {}
		const [here, there] = Pipe<unknown>();
		new Other(medium, async () => {
			const double = (await there.recv()) as (x: number) => number;
			const point = (await there.recv()) as Point;
			await there.send(double(point.scaled().x));
			await there.send(point.scaled());
			await there.send(new OwnError('thrown over'));
		});
		await here.send((x: number) => x * 2);
		await here.send(new Point(5));
		expect(await here.recv()).toBe(30);
		const point = await here.recv();
		expect(point).toBeInstanceOf(Point);
		expect((point as Point).scaled().x).toBe(45);
		expect(await here.recv()).toBeInstanceOf(OwnError);
	});

	it('takes messages of every size, whole and in order, in both ways to send and to receive', async () => {
		const sizes = [0, 1, 5, 4_095, 4_096, 70_000, 32 * MB];
		const [here, there] = Pipe<Uint8Array>();
		new Other(medium, async () => {
			for (const [at, { length }] of sizes.map((length) => ({ length })).entries()) {
				const value = at % 2 === 0 ? await there.recv() : there.recvSync();
				if (value.length !== length) throw new Error(`${value.length} bytes came`);
				if (at % 3 === 0) there.sendSync(value);
				else await there.send(value);
			}
		});
		for (const size of sizes) await here.send(new Uint8Array(size).fill(size % 251));
		for (const size of sizes) {
			const value = size % 2 === 0 ? here.recvSync() : await here.recv();
			expect(Buffer.compare(value, Buffer.alloc(size, size % 251))).toBe(0);
		}
	});

	it('loses and reorders nothing where each is awaited or blocks', async () => {
		const count = 400;
		const [here, there] = Pipe<number>();
		new Other(medium, async () => {
			for (let at = 0; at < count; at++) {
				if (at % 5 === 4) there.sendSync(at);
				else await there.send(at);
			}
		});
		const received: number[] = [];
		while (received.length < count) received.push(here.recvSync(), await here.recv());
		expect(received).toEqual(Array.from({ length: count }, (_, at) => at));
	});

	it('ends for who waits, awaiting or blocking, when that one closes it or returns', async () => {
		const [first, closing] = Pipe();
		const [second, returning] = Pipe();
		const [go, going] = Pipe();
		const other = new Other(medium, async () => {
			closing.close();
			await returning.send('last words');
			await going.recv();
		});
		await expect(first.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		expect(() => first.recvSync()).toThrow(EndOfStreamError);
		expect(await second.recv()).toBe('last words');
		const waiting = expect(second.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		await go.send('return');
		expect(() => second.recvSync()).toThrow(EndOfStreamError);
		await waiting;
		await other.result;
	});

	it('ends for who waits, awaiting or blocking, when that one is killed', async () => {
		const [first, second, ready] = [Pipe(), Pipe(), Pipe()];
		const other = new Other(medium, async () => {
			await first[1].send('sent before');
			await second[1].send('sent before');
			await ready[1].send('ready');
			for (;;) await ready[1].recv();
		});
		expect(await ready[0].recv()).toBe('ready');
		const awaited = [first[0].recv(), first[0].recv()] as const;
		await other.end();
		expect(await awaited[0]).toBe('sent before');
		await expect(awaited[1]).rejects.toBeInstanceOf(EndOfStreamError);
		expect(second[0].recvSync()).toBe('sent before');
		expect(() => second[0].recvSync()).toThrow(EndOfStreamError);
		expect(() => second[0].sendSync(1)).toThrow(EndOfStreamError);
		await expect(second[0].send(1)).rejects.toBeInstanceOf(EndOfStreamError);
		expect(await second[0].poll()).toBe(true);
		expect(second[0].pollSync()).toBe(true);
	});

	it('ends for who waits to send, awaiting or blocking, when that one is killed', async () => {
		const [here, there] = Pipe<string>();
		const other = new Other(medium, async () => {
			await there.send('ready');
			await new Promise(() => setInterval(() => {}, 1e9));
		});
		expect(await here.recv()).toBe('ready');
		for (let n = 0; n < MOST_MESSAGES; n++) here.sendSync('unread');
		const waiting = expect(here.send('no room')).rejects.toBeInstanceOf(EndOfStreamError);
		await other.end();
		expect(() => here.sendSync('no room')).toThrow(EndOfStreamError);
		await waiting;
	});

	it('holds a sender up that is not read, until it is', async () => {
		const [data, theirData] = Pipe<number>();
		const [control, theirControl] = Pipe<unknown>();
		new Other(medium, async () => {
			let sent = 0;
			const sending = (async () => {
				for (let n = 0; n < MOST_MESSAGES + 2; n++) {
					await theirData.send(n);
					sent++;
				}
			})();
			while (sent < MOST_MESSAGES) await new Promise((resolve) => setImmediate(resolve));
			await theirControl.send('full');
			await theirControl.recv();
			await theirControl.send(sent);
			await sending;
			await theirControl.send('all');
		});
		expect(await control.recv()).toBe('full');
		await control.send('how many?');
		expect(await control.recv()).toBe(MOST_MESSAGES);
		expect(await control.poll()).toBe(false);
		for (let n = 0; n < MOST_MESSAGES + 2; n++) expect(await data.recv()).toBe(n);
		expect(await control.recv()).toBe('all');
	});
});

describe('the ends of a pipe', () => {
	it('has both its ends in one thread', async () => {
		const [first, second] = Pipe<unknown>();
		for (const value of [undefined, null, 0, '', false, [null], [null, new Uint8Array(1)], { a: 1 }]) {
			await first.send(value);
			expect(await second.poll()).toBe(true);
			expect(await second.recv()).toStrictEqual(value);
			second.sendSync(value);
			expect(first.pollSync()).toBe(true);
			expect(first.recvSync()).toStrictEqual(value);
		}
		expect(first.pollSync()).toBe(false);
		expect(await second.poll({ timeout: 1 })).toBe(false);
		expect(() => first.recvSync({ timeout: 1 })).toThrow(TimeoutError);
		await expect(first.recv({ timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
	});

	it('refuses options it does not have', () => {
		expect(() => Pipe({ duplex: 1 as never })).toThrow('duplex');
		expect(() => Pipe(false as never)).toThrow('options');
	});

	it('is not held open by who has given an end away', async () => {
		const [here, there] = Pipe();
		const child = new Process({ target: async () => there.send('hello') }).start();
		expect(await here.recv()).toBe('hello');
		await expect(here.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		await child.join();
		expect(there.closed).toBe(false);
	});

	it('is not held open by an end that could not be given away', async () => {
		const queue = new Queue<Connection | number>({ maxsize: 1 });
		await queue.put(1);
		const [here, there] = Pipe();
		expect(() => queue.putNowait(there)).toThrow(QueueFullError);
		expect(() => queue.putSync(there, { timeout: 1 })).toThrow(QueueFullError);
		await expect(queue.put(there, { timeout: 1 })).rejects.toThrow(QueueFullError);
		queue.shutdown();
		await expect(queue.put(there)).rejects.toThrow(QueueShutDownError);
		await here.send('it is still here');
		expect(await there.recv()).toBe('it is still here');
		there.close();
		await expect(here.recv()).rejects.toBeInstanceOf(EndOfStreamError);
	});

	it('stays open as long as one of several has the end', async () => {
		const [here, there] = Pipe<unknown>();
		const [stay, staying] = Pipe<unknown>();
		const first = new Other('process', async () => there.send('first'));
		const second = new Other('process', async () => {
			await staying.recv();
			await there.send('second');
		});
		expect(await here.recv()).toBe('first');
		await first.result;
		await first.end();
		await stay.send('go');
		expect(await here.recv()).toBe('second');
		await second.result;
		await second.end();
		await expect(here.recv()).rejects.toBeInstanceOf(EndOfStreamError);
	});

	it('closes for who waits on this end, though others have it too', async () => {
		const [here, there] = Pipe<unknown>();
		const other = new Other('process', async () => {
			await here.send('theirs');
			await here.recv();
		});
		expect(await there.recv()).toBe('theirs');
		const waiting = expect(here.recv()).rejects.toBeInstanceOf(ConnectionError);
		here.close();
		await waiting;
		await there.send('for the other one');
		await other.result;
	});

	it('keeps the order of those who wait for room, and what they send as it was', async () => {
		const [here, there] = Pipe<number[]>();
		const value = [0];
		const sent: Promise<void>[] = [];
		for (let n = 0; n < MOST_MESSAGES + 3; n++) {
			value[0] = n;
			sent.push(here.send(value));
		}
		value[0] = -1;
		// Longer than one looks whether the other end is there.
		expect(await there.poll()).toBe(true);
		await new Promise((resolve) => setTimeout(resolve, 200));
		for (let n = 0; n < MOST_MESSAGES + 3; n++) expect(await there.recv()).toEqual([n]);
		await Promise.all(sent);
	});

	it('keeps the order of those who wait for messages', async () => {
		const [here, there] = Pipe<number>();
		const received: Promise<number>[] = [];
		const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
		for (let n = 0; n < 5; n++) {
			received.push(there.recv());
			await pause();
		}
		for (let n = 0; n < 5; n++) await here.send(n);
		expect(await Promise.all(received)).toEqual([0, 1, 2, 3, 4]);
	});

	it('ends for those who survive the process it was made in', async () => {
		const [here, there] = Pipe<unknown>();
		const maker = new Other('process', async () => {
			const [first, second] = Pipe<unknown>();
			await there.send([first, second]);
			await there.recv();
		});
		const [first, second] = (await here.recv()) as [Connection, Connection];
		await first.send('while it lives');
		expect(await second.recv()).toBe('while it lives');
		const other = new Other('process', async () => second.recv().catch((error: Error) => error.name));
		const waiting = expect(first.recv()).rejects.toBeInstanceOf(EndOfStreamError);
		await maker.end();
		await waiting;
		expect(await other.result).toBe('EndOfStreamError');
		await expect(first.send(1)).rejects.toBeInstanceOf(EndOfStreamError);
		expect(() => first.sendSync(1)).toThrow(EndOfStreamError);
		expect(() => first.recvSync()).toThrow(EndOfStreamError);
		expect(await first.poll()).toBe(true);
		expect(first.pollSync()).toBe(true);
		first.close();
		expect(first.closed).toBe(true);
	});

	it('says so when what was sent is lost with the process that made it', async () => {
		const [here, there] = Pipe<Connection>();
		const maker = new Other('process', async () => {
			const [first, second] = Pipe<string>();
			await first.send('never taken');
			await there.send(second);
			await there.recv();
		});
		const end = await here.recv();
		await maker.end();
		const iterate = async () => {
			for await (const _ of end) break;
		};
		await expect(iterate()).rejects.toThrow('the process that made the pipe has ended');
		expect(() => end.recvSync()).toThrow('the process that made the pipe has ended');
	});

	it('refuses a closed end where it is sent', async () => {
		const [, there] = Pipe();
		there.close();
		expect(() => new Process({ target: () => there.closed }).start()).toThrow('was closed');
	});
});

it.each([
	['signal', { signal: {} as AbortSignal }],
	['timeout', { timeout: -1 }],
])('an end that could not be put elsewhere for a bad %s was not given away', async (_, options) => {
	const queue = new Queue<unknown>();
	const child = new Process({
		target: async () => {
			const [one, other] = Pipe();
			const refused = await queue.put(other, options).then(
				() => 'put',
				({ name }) => name,
			);
			other.close();
			return [refused, await one.recv({ timeout: 20_000 }).catch(({ name }) => name)];
		},
	}).start();
	expect(await child.result).toEqual([expect.stringMatching(/^(Type|Range)Error$/), 'EndOfStreamError']);
});
