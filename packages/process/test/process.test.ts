import { getEventListeners, once } from 'node:events';
import {
	closeSync,
	createWriteStream,
	mkdtempSync,
	openSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Stream } from 'node:stream';
import { CaptureError, Process, ProcessError, ProcessExitError } from '@conc/process';
import { afterAll, describe, expect, it } from 'vitest';
import { printing } from './support/printing.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'conc-process-')));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file a child can print to, and what it has printed. */
function file(name: string) {
	const path = join(directory, name);
	const fd = openSync(path, 'w');
	return { fd, read: () => readFileSync(path, 'utf8'), close: () => closeSync(fd) };
}

describe('start, join and result', () => {
	it('a process runs its target with its arguments in a process of its own', async () => {
		const child = new Process({ target: (a: number, b: string) => [process.pid, a, b], args: [1, 'b'] });
		expect([child.isAlive, child.pid, child.exitCode]).toEqual([false, undefined, null]);
		child.start();
		const { pid } = child;
		expect([child.isAlive, child.exitCode, child.signalCode]).toEqual([true, null, null]);
		expect(await child.result).toEqual([pid, 1, 'b']);
		expect(await child.join()).toBe(true);
		expect([child.isAlive, child.pid, child.exitCode, child.signalCode]).toEqual([false, pid, 0, null]);
	});

	it('what it is given is taken as it is at the start, no sooner and no later', async () => {
		const list = ['made'];
		const child = new Process({ target: (given: string[]) => [given, list], args: [list] });
		list.push('to be started');
		child.start();
		list.push('started');
		const expected = ['made', 'to be started'];
		expect(await child.result).toEqual([expected, expected]);
	});

	it('joinSync right after start waits for a process that has not booted yet', async () => {
		const child = new Process({ target: () => 'answer' }).start();
		expect(child.joinSync()).toBe(true);
		expect([child.isAlive, child.exitCode]).toEqual([false, 0]);
		expect(await child.result).toBe('answer');
		expect(child.joinSync({ timeout: 0 })).toBe(true);
		expect(await child.join({ timeout: 0 })).toBe(true);
	});

	it('big data goes there and comes back, also while this process blocks in joinSync', async () => {
		const big = Buffer.alloc(50_000_000, 7);
		const child = new Process({ target: (given: Buffer) => Buffer.from(given), args: [big] }).start();
		expect(child.joinSync()).toBe(true);
		expect(big.equals(await child.result)).toBe(true);
		const other = new Process({ target: (given: Buffer) => Buffer.from(given), args: [big] }).start();
		expect(big.equals(await other.result)).toBe(true);
	});

	it('join is false when the time is up, and the process goes on', async () => {
		const child = new Process({ target: () => new Promise(() => setInterval(() => {}, 1000)) }).start();
		expect(await child.join({ timeout: 0 })).toBe(false);
		expect(await child.join({ timeout: 5 })).toBe(false);
		expect(child.joinSync({ timeout: 0 })).toBe(false);
		expect(child.joinSync({ timeout: 5 })).toBe(false);
		await expect(child.join({ timeout: -1 })).rejects.toThrow(RangeError);
		await expect(child.join({ signal: AbortSignal.abort('no patience') })).rejects.toBe('no patience');
		expect(child.isAlive).toBe(true);
		await child.kill();
	});

	it('joinSync with a time limit keeps it, also with much to send to a child that does not read', async () => {
		const child = new Process({ target: (bytes: Buffer) => bytes.length, args: [Buffer.alloc(10_000_000)] });
		child.start();
		process.kill(child.pid as number, 'SIGSTOP');
		expect(child.joinSync({ timeout: 20 })).toBe(false);
		process.kill(child.pid as number, 'SIGCONT');
		expect(await child.result).toBe(10_000_000);
	});
});

describe('a process in the wrong state', () => {
	it('cannot be started twice, neither while it runs nor after', async () => {
		const child = new Process({ target: () => {}, name: 'once' }).start();
		expect(() => child.start()).toThrow(ProcessError);
		await child.join();
		expect(() => child.start()).toThrow(/^once was started before/);
	});

	it('cannot be joined or ended before it is started', async () => {
		const child = new Process({ target: () => {} });
		expect(() => child.joinSync()).toThrow(/^cannot join Process-\d+ before it is started/);
		expect(() => child.interrupt()).toThrow(ProcessError);
		for (const action of ['join', 'terminate', 'kill'] as const) {
			await expect(child[action]()).rejects.toThrow(ProcessError);
		}
	});

	it('cannot be closed while it runs; closed, it can be closed again and nothing else', async () => {
		const child = new Process({ target: () => 'kept', name: 'C' }).start();
		expect(() => child.close()).toThrow(/^cannot close C while it runs/);
		child.joinSync();
		child.close();
		child.close();
		expect(String(child)).toBe('Process(C, closed)');
		for (const use of [() => child.pid, () => child.isAlive, () => child.exitCode, () => child.joinSync()]) {
			expect(use).toThrow(new ProcessError('C is closed'));
		}
		expect(() => new Process({ target: () => {} }).close()).not.toThrow();
		expect(await child.result).toBe('kept');
		await child[Symbol.asyncDispose]();
	});

	it('cannot change its name or become a daemon', () => {
		const child = new Process({ target: () => {} });
		expect(() => Object.assign(child, { daemon: true })).toThrow(TypeError);
		expect(() => Object.assign(child, { name: 'other' })).toThrow(TypeError);
	});

	it('a subclass that overrides run is refused with the way out', () => {
		class Worker extends Process {
			run() {}
		}
		expect(() => new Worker({ target: () => {} })).toThrow(
			new TypeError('a Process runs its target: pass { target } instead of overriding run()'),
		);
	});

	it.each([
		[{ target: 1 }, 'target must be a function, not a number'],
		[{ args: 'ab' }, 'args must be an array, not a string'],
		[{ name: {} }, 'name must be a string, not an object'],
		[{ daemon: 1 }, 'daemon must be a boolean, not 1'],
		[{ cwd: null }, 'cwd must be a string, not null'],
		[{ env: 'A=1' }, 'env must be an object, not a string'],
		[{ execArgv: '-r x' }, 'execArgv must be an array of strings, not a string'],
		[{ signal: {} }, 'signal must be an AbortSignal, not an object'],
		[{ resourceLimits: { maxOldGenerationSizeMb: -1 } }, limits('-1')],
		[{ resourceLimits: { maxOldGenerationSizeMb: '9' } }, limits('a string')],
		[{ stdio: 'pipe' }, `stdio must be 'inherit', 'ignore', file descriptors or streams, not 'pipe'`],
		[{ stdio: [0, 1, 2, 'ipc'] }, 'stdio must be of stdin, stdout and stderr, and no more'],
	])('%o is refused', (options, message) => {
		expect(() => new Process({ target() {}, ...options } as never)).toThrow(new TypeError(message));
	});

	function limits(found: string): string {
		return `resourceLimits.maxOldGenerationSizeMb must be a number above 0, not ${found}`;
	}

	it('says its state when printed', async () => {
		const child = new Process({ target: () => {}, name: 'P', daemon: true });
		expect(String(child)).toBe('Process(P, initial, daemon)');
		child.start();
		expect(String(child)).toBe(`Process(P, pid ${child.pid}, started, daemon)`);
		await child.join();
		expect(String(child)).toBe(`Process(P, pid ${child.pid}, stopped, exit code 0, daemon)`);
	});
});

describe('terminate, kill and interrupt', () => {
	it.each([
		['terminate', 'SIGTERM', -15, 'was terminated'],
		['kill', 'SIGKILL', -9, 'was terminated'],
		['interrupt', 'SIGINT', -2, 'was ended by SIGINT'],
	] as const)('%s ends a CPU loop by %s', async (action, signalCode, exitCode, how) => {
		const out = file(action);
		const target = () => {
			console.log('loops');
			for (;;);
		};
		const child = new Process({ target, name: 'L', stdio: ['ignore', out.fd, 'inherit'] }).start();
		await printing(out.read, 'loops\n');
		await child[action]();
		await child.join();
		expect(child).toMatchObject({ isAlive: false, exitCode, signalCode });
		const error = await child.result.catch((error) => error);
		expect(error).toBeInstanceOf(ProcessExitError);
		expect(error.message).toBe(`L (pid ${child.pid}) ${how} before its target returned`);
		expect(error).toMatchObject({ code: 'CONC_PROCESS_EXIT', exit: { exitCode, signalCode } });
		out.close();
	});

	it('may be called right after the start, again, together and after the end', async () => {
		const child = new Process({ target: () => 1 }).start();
		await Promise.all([child.terminate(), child.kill(), child.terminate()]);
		const { exitCode } = child;
		expect([-15, -9]).toContain(exitCode);
		await child.kill();
		child.interrupt();
		expect(child.exitCode).toBe(exitCode);
		const done = new Process({ target: () => 1 }).start();
		done.joinSync(); // dead, but the event loop does not know yet
		done.interrupt();
		await done.terminate();
		expect([done.exitCode, await done.result]).toEqual([0, 1]);
	});

	it('of an aborted signal: the process is terminated, and result rejects with the reason', async () => {
		const controller = new AbortController();
		const target = () => {
			for (;;);
		};
		const child = new Process({ target, signal: controller.signal }).start();
		controller.abort('enough');
		await expect(child.result).rejects.toBe('enough');
		expect(await child.join()).toBe(true);
		expect(child.signalCode).toBe('SIGTERM');
		expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
		expect(() => new Process({ target, signal: controller.signal }).start()).toThrow('enough');
	});

	it('disposal waits for a process, and terminates a daemon', async () => {
		const child = new Process({ target: async () => 'waited for' }).start();
		await child[Symbol.asyncDispose]();
		expect([child.exitCode, await child.result]).toEqual([0, 'waited for']);
		const target = () => {
			for (;;);
		};
		const daemon = new Process({ target, daemon: true }).start();
		await daemon[Symbol.asyncDispose]();
		expect(daemon.signalCode).toBe('SIGTERM');
		await new Process({ target })[Symbol.asyncDispose]();
	});
});

describe('cwd, env, execArgv, stdio', () => {
	it('are those that are given, and this process keeps its own', async () => {
		const here = process.cwd();
		const target = () => ({ cwd: process.cwd(), env: { ...process.env }, execArgv: process.execArgv });
		const options = { cwd: directory, env: { ANSWER: '42' }, execArgv: ['--stack-size=900'] };
		expect(await new Process({ target, ...options }).start().result).toEqual(options);
		expect([process.cwd(), process.env.ANSWER]).toEqual([here, undefined]);
		const plain = await new Process({ target }).start().result;
		expect([plain.cwd, plain.env.PATH]).toEqual([here, process.env.PATH]);
	});

	it('what the system takes of env arrives, and what it does not is a ProcessError', async () => {
		const target = () => process.env.BIG?.length;
		expect(await new Process({ target, env: { BIG: 'x'.repeat(120_000) } }).start().result).toBe(120_000);
		const tooMuch = new Process({ target, env: { BIG: 'x'.repeat(10_000_000) } });
		expect(() => tooMuch.start()).toThrow(
			/^the system could not start Process-\d+: env or execArgv is larger/,
		);
		expect(() => tooMuch.start()).toThrow(ProcessError);
	});

	it.each(['/there/is/no/such/directory', import.meta.filename])('cwd %s is a ProcessError', async (cwd) => {
		const child = new Process({ target: () => {}, name: 'W', cwd });
		const message = `the system could not start W: its working directory ${cwd} is not a directory`;
		expect(() => child.start()).toThrow(new ProcessError(message));
		expect([child.isAlive, child.pid]).toEqual([false, undefined]);
		await expect(child.join()).rejects.toThrow(ProcessError);
	});

	it('an option Node does not know ends the process, and result says so', async () => {
		const errors = file('bad-option');
		const options = { execArgv: ['--no-such-option'], stdio: ['ignore', 'ignore', errors.fd] as const };
		const child = new Process({ target: () => {}, ...options }).start();
		await expect(child.result).rejects.toThrow('exited with code 9');
		expect(errors.read()).toContain('--no-such-option');
		errors.close();
	});

	it('a limit of memory ends the process and nothing else', async () => {
		const target = () => {
			const kept: number[][] = [];
			for (;;) kept.push(new Array(1000).fill(kept.length));
		};
		const resourceLimits = { maxOldGenerationSizeMb: 20 };
		const child = new Process({ target, resourceLimits, stdio: 'ignore' }).start();
		await expect(child.result).rejects.toThrow(ProcessExitError);
		expect(child.exitCode).toBeLessThan(0);
	});

	it.each([
		['closed', 'closed file descriptor 3', () => closeSync(3)],
		['written bytes to', 'wrote to file descriptor 3', () => void writeSync(3, new Uint8Array(64).fill(255))],
		['written text to', 'wrote to file descriptor 3', () => void writeSync(3, 'hello world\n')],
	])('a channel that code in it has %s ends the process, and result says why', async (_, why, spoil) => {
		const target = (spoil: () => void) => {
			spoil();
			return new Promise(() => setInterval(() => {}, 1000));
		};
		const child = new Process({ target, args: [spoil], stdio: 'ignore' }).start();
		await expect(child.result).rejects.toThrow(why);
		await expect(child.result).rejects.toThrow(ProcessExitError);
	});

	it('stdout and stderr lead where they are told, together or each by itself', async () => {
		const [out, errors, both] = [file('out'), file('errors'), file('both')];
		const target = () => {
			console.log('said');
			console.error('complained');
		};
		await new Process({ target, stdio: ['ignore', out.fd, errors.fd] }).start().join();
		await new Process({ target, stdio: [undefined, both.fd, 'ignore'] }).start().join();
		await new Process({ target, stdio: 'ignore' }).start().join();
		await new Process({ target, stdio: both.fd }).start().join();
		expect([out.read(), errors.read(), both.read()]).toEqual([
			'said\n',
			'complained\n',
			'said\nsaid\ncomplained\n',
		]);
		for (const one of [out, errors, both]) one.close();
	});

	it('a stream with a descriptor may be stdout, and one without is refused', async () => {
		const path = join(directory, 'stream');
		const stream = createWriteStream(path);
		const target = () => console.log('into a stream');
		const options = (stream: Stream) => ({ target, stdio: ['ignore', stream] as const });
		expect(() => new Process(options(stream)).start()).toThrow(/stdio/);
		await once(stream, 'open');
		await new Process(options(stream)).start().join();
		stream.end();
		expect(readFileSync(path, 'utf8')).toBe('into a stream\n');
		expect(() => new Process(options(new PassThrough())).start()).toThrow(TypeError);
	});
});

describe('a refused start', () => {
	it('throws a CaptureError, starts nothing, and can be made good', async () => {
		const box: { value: unknown } = { value: new SharedArrayBuffer(1) };
		const child = new Process({ target: () => box.value });
		expect(() => child.start()).toThrow(CaptureError);
		expect([child.pid, child.isAlive]).toEqual([undefined, false]);
		box.value = 'fine';
		expect(await child.start().result).toBe('fine');
	});

	it('a result that cannot cross rejects with a CaptureError that names it', async () => {
		const child = new Process({ target: () => ({ deep: [new WeakMap()] }) }).start();
		await expect(child.result).rejects.toThrow(/result\.deep\[0\]/);
	});
});

describe('what is thrown and cannot be shown', () => {
	it.each([
		['has no prototype', () => Object.create(null)],
		['has a number for a stack', () => Object.assign(new Error('odd'), { stack: 42 })],
		[
			'is a revoked Proxy',
			() => {
				const { proxy, revoke } = Proxy.revocable({}, {});
				revoke();
				return proxy;
			},
		],
	])('because it %s still is a failure of the target, and the process ends as usual', async (_, make) => {
		const target = (make: () => unknown) => {
			throw make();
		};
		const child = new Process({ target, args: [make], stdio: 'ignore' }).start();
		const error = await child.result.then(
			() => 'no error',
			(error) => error,
		);
		expect(error).not.toBeInstanceOf(ProcessExitError);
		expect(error).not.toBe('no error');
		await child.join();
		expect(child.exitCode).toBe(1);
	});
});

it('a promise that its target leaves rejected ends it as an uncaught error does, though the target has returned', async () => {
	const child = new Process({
		target: () => {
			void Promise.reject(new Error('left behind'));
			return 'returned';
		},
		stdio: 'ignore',
	}).start();
	expect([await child.result, await child.join(), child.exitCode]).toEqual(['returned', true, 1]);
});
