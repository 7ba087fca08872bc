import {
	CaptureError,
	type Connection,
	ConnectionError,
	EndOfStreamError,
	Pipe,
	Process,
	Queue,
	TimeoutError,
} from '@conc/process';
import { describe, expect, it } from 'vitest';

const MB = 2 ** 20;

/** Sends back what comes, until the other end is closed. */
async function echo(end: Connection): Promise<string> {
	for await (const value of end) await end.send(value);
	return 'the other end is closed';
}

/** Both ends here; one in a process from its start; one in a process that got it later, through another pipe. */
const ways: Record<string, () => Promise<[here: Connection, ended: Promise<unknown>]>> = {
	'in this thread': async () => {
		const [here, there] = Pipe();
		return [here, echo(there)];
	},
	'in a process from its start': async () => {
		const [here, there] = Pipe();
		return [here, new Process({ target: echo, args: [there] }).start().result];
	},
	'in a process that captured it': async () => {
		const [here, there] = Pipe();
		return [here, new Process({ target: () => echo(there) }).start().result];
	},
	'in a process that got it later': async () => {
		const [give, take] = Pipe<Connection>();
		const child = new Process({ target: async () => echo(await take.recv()) }).start();
		const [here, there] = Pipe();
		await give.send(there);
		return [here, child.result];
	},
	'in a grandchild': async () => {
		const [here, there] = Pipe();
		const child = new Process({ target: () => new Process({ target: echo, args: [there] }).start().result });
		return [here, child.start().result];
	},
};

describe.each(Object.entries(ways))('a pipe whose other end is %s', (_, open) => {
	it('carries values and bytes, whole and in order, until it is closed', async () => {
		const [here, ended] = await open();
		const values = [
			0,
			-0,
			Number.NaN,
			'',
			'a',
			null,
			undefined,
			true,
			[],
			[undefined],
			{ a: new Map([[1, 2]]) },
		];
		for (const value of values) {
			await here.send(value);
			expect(await here.recv()).toStrictEqual(value);
		}
		for (const n of [1, 2, 3]) await here.send(n);
		expect([await here.recv(), await here.recv(), await here.recv()]).toEqual([1, 2, 3]);
		const big = new Uint8Array(32 * MB).fill(7);
		const sent = here.send(big);
		expect(Buffer.compare((await here.recv()) as Uint8Array, big)).toBe(0);
		await sent;
		await here.send((n: number) => n + 1);
		expect(((await here.recv()) as (n: number) => number)(1)).toBe(2);
		here.close();
		expect(await ended).toBe('the other end is closed');
		expect(here.closed).toBe(true);
		await expect(here.send(1)).rejects.toThrow(ConnectionError);
		await expect(here.recv()).rejects.toThrow(ConnectionError);
	});

	it('says whether a message is there, and waits for one', async () => {
		const [here, ended] = await open();
		expect(await here.poll()).toBe(false);
		await expect(here.recv({ timeout: 5 })).rejects.toThrow(TimeoutError);
		await here.send('a');
		expect(await here.poll({ timeout: 30_000 })).toBe(true);
		expect(await here.poll()).toBe(true);
		expect(await here.recv()).toBe('a');
		const controller = new AbortController();
		const waiting = here.recv({ signal: controller.signal });
		controller.abort('enough');
		await expect(waiting).rejects.toBe('enough');
		here.close();
		await ended;
	});
});

describe('a pipe to a process', () => {
	it('is used by those who block, too', () => {
		const [here, there] = Pipe<number>();
		const child = new Process({
			target: () => {
				for (;;) there.sendSync(there.recvSync() + 1);
			},
		}).start();
		for (let n = 0; n < 100; n++) {
			here.sendSync(n);
			expect(here.recvSync()).toBe(n + 1);
		}
		void child.kill();
		expect(() => here.recvSync()).toThrow(EndOfStreamError);
	});

	it('has what was sent before its start, both ways, and who waited for it', async () => {
		const [here, there] = Pipe<string>();
		await here.send('before');
		await there.send('left here');
		const child = new Process({ target: async () => there.send(`got ${await there.recv()}`) });
		const answers = [here.recv(), here.recv()];
		child.start();
		expect(await Promise.all(answers)).toEqual(['left here', 'got before']);
	});

	it('ends when the process does, after all it sent, whoever else had that end before', async () => {
		const [here, there] = Pipe<number>();
		const child = new Process({
			target: async () => {
				await there.send(1);
				process.kill(process.pid, 'SIGKILL');
			},
		}).start();
		await child.join();
		expect(await here.recv()).toBe(1);
		await expect(here.recv()).rejects.toThrow(EndOfStreamError);
		expect(await here.poll()).toBe(true);
		await expect(here.send(1)).rejects.toThrow(EndOfStreamError);
	});

	it('leads from one child to another when both ends are given away', async () => {
		const [one, other] = Pipe<string>();
		const talking = new Process({
			target: async () => {
				await other.send('first');
				await other.send('second');
				return other.recv();
			},
		}).start();
		await expect.poll(() => one.poll()).toBe(true); // what has come already goes along
		const listening = new Process({
			target: async () => {
				const heard = [await one.recv(), await one.recv()];
				await one.send('heard');
				return heard;
			},
		}).start();
		expect(await listening.result).toEqual(['first', 'second']);
		expect(await talking.result).toBe('heard');
		await expect(one.recv()).rejects.toThrow('was given to a process');
		expect(() => new Process({ target: () => other.recv() }).start()).toThrow('was given to a process');
	});

	it('is refused with the path to it where it cannot go, and is as it was', async () => {
		const [here, there] = Pipe<number | string>();
		const both = new Process({ target: (..._: Connection<number | string>[]) => {}, args: [here, there] });
		expect(() => both.start()).toThrow(CaptureError);
		expect(() => both.start()).toThrow('`args[1]` goes to the process that gets the other end of its pipe');
		const wrong = new Process({ target: (..._: unknown[]) => {}, args: [there, new WeakMap()] });
		expect(() => wrong.start()).toThrow(CaptureError);
		await here.send(1);
		expect(await there.recv()).toBe(1);
		const child = new Process({
			target: async () => {
				await there.send('kept');
				return there.recv();
			},
		}).start();
		await expect.poll(() => here.poll()).toBe(true);
		const failing = new Process({ target: () => here.recv(), cwd: '/nowhere' });
		expect(() => failing.start()).toThrow('/nowhere is not a directory');
		expect(await here.recv()).toBe('kept');
		await expect(new Queue().put(here)).rejects.toThrow('leads straight to another process');
		await here.send(2);
		expect(await child.result).toBe(2);
	});
});

describe('a pipe of one direction', () => {
	it('refuses the other, at both ends, here and there', async () => {
		const [from, to] = Pipe<number>({ duplex: false });
		await expect(from.send(1)).rejects.toThrow('only receives');
		await expect(to.recv()).rejects.toThrow('only sends');
		const child = new Process({
			target: async () => {
				const refused = await to.recv().catch((error: Error) => error.message);
				await to.send(5);
				return refused;
			},
		}).start();
		expect(await from.recv()).toBe(5);
		await expect(from.send(1)).rejects.toThrow('only receives');
		expect(await child.result).toContain('only sends');
	});
});

describe('an end that several have', () => {
	it('ends when the last of them has gone', async () => {
		const [give, take] = Pipe<Connection>();
		const holding = async () => {
			const end = await take.recv();
			await end.send(process.pid);
			return end.recv();
		};
		const first = new Process({ target: holding }).start();
		const [here, there] = Pipe<number>();
		await give.send(there as Connection);
		expect(await here.recv()).toBe(first.pid);
		await first.kill();
		await expect(here.recv()).rejects.toThrow(EndOfStreamError);
	});

	it('takes no more than there is room for, until somebody receives', async () => {
		const [here, there] = Pipe<number>();
		let sent = 0;
		const sending = (async () => {
			for (; sent < 3_000; sent++) await there.send(sent);
		})();
		await expect.poll(() => sent).toBe(1_024);
		for (let n = 0; n < 3_000; n++) expect(await here.recv()).toBe(n);
		await sending;
	});
});

it('keeps bytes for recvBytes, and values for recv', async () => {
	const [here, there] = Pipe();
	await here.sendBytes(new Uint8Array(0));
	await expect(there.recv()).rejects.toThrow('take it with recvBytes()');
	expect(await there.recvBytes()).toEqual(new Uint8Array(0));
	await here.send(new Uint8Array(1));
	await expect(there.recvBytes()).rejects.toThrow('take it with recv()');
	expect(await there.recv()).toEqual(new Uint8Array(1));
});
