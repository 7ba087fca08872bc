import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Problem } from './fixtures/problem.mjs';
import { hostFor, media } from './support/hosts.js';

class Inline extends RangeError {
	override name = 'Inline';
	readonly detail = new Map([['n', 1]]);
}

class Fragile extends Error {
	constructor(readonly part: { name: string }) {
		super(part.name); // throws where no part is given
	}
}

const fail = (error: unknown) => {
	throw error;
};

describe.each(media)('an error thrown on a %s', (medium) => {
	const host = hostFor(medium);
	const thrown = (fn: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown> =>
		host.call(fn, args).then(
			(value) => expect.unreachable(`resolved to ${value}`),
			(error) => error,
		);

	it('has its class, message, code and other properties', async () => {
		const error = await thrown(() => {
			throw Object.assign(new TypeError('no'), { code: 'E_NO', detail: { list: [1n] } });
		});
		expect(error).toBeInstanceOf(TypeError);
		expect(error).toMatchObject({ name: 'TypeError', message: 'no', code: 'E_NO', detail: { list: [1n] } });
		expect(Object.keys(error as object)).toEqual(['code', 'detail']);
	});

	it('shows where it was thrown, and below it where the call was made', async () => {
		const error = (await thrown(function thrower() {
			throw new Error('here');
		})) as Error;
		expect(error.stack).toMatch(/^Error: here\n +at thrower \(.*errors\.test\.ts:\d+:\d+\)/);
		expect(error.stack).toMatch(/ {4}in a (thread|process), called from:\n(.*\n)*.*errors\.test\.ts/);
	});

	it('keeps its causes, five deep', async () => {
		const nested = () => {
			let error = new Error('1');
			for (const n of [2, 3, 4, 5]) error = new RangeError(`${n}`, { cause: error });
			throw error;
		};
		let at = await thrown(nested);
		for (const n of [5, 4, 3, 2, 1]) {
			expect(at).toMatchObject({ message: `${n}` });
			expect(Object.getOwnPropertyDescriptor(at, 'message')?.enumerable).toBe(false);
			at = (at as Error).cause;
		}
		expect(at).toBeUndefined();
	});

	it('may be its own cause', async () => {
		const error = (await thrown(() => {
			const one = new Error('one');
			one.cause = new Error('two', { cause: one });
			throw one;
		})) as Error & { cause: Error };
		expect(error.cause.cause).toBe(error);
	});

	it('keeps the errors of an AggregateError, also of one in another', async () => {
		const error = (await thrown(() => {
			throw new AggregateError([new AggregateError([new TypeError('a')], 'inner'), 1], 'outer');
		})) as AggregateError;
		expect(error).toBeInstanceOf(AggregateError);
		expect(error.errors[0]).toBeInstanceOf(AggregateError);
		expect(error.errors[0].errors[0]).toBeInstanceOf(TypeError);
		expect(error.errors[1]).toBe(1);
	});

	it('of a class from a module is one of that class', async () => {
		const error = await thrown(() => {
			throw new Problem('p', { n: 1 });
		});
		expect(error).toBeInstanceOf(Problem);
		expect(error).toMatchObject({ name: 'Problem', message: 'p', detail: { n: 1 } });
	});

	it('of a class made in the same file comes home as that class', async () => {
		const error = await thrown(() => {
			throw new Inline('i');
		});
		expect(error).toBeInstanceOf(Inline);
		expect(error).toMatchObject({ name: 'Inline', message: 'i', detail: new Map([['n', 1]]) });
	});

	it('arrives though its constructor would throw', async () => {
		const error = await thrown(() => {
			throw new Fragile({ name: 'part' });
		});
		expect(error).toBeInstanceOf(Fragile);
		expect(error).toMatchObject({ message: 'part', part: { name: 'part' } });
	});

	it('of a class that only the far side knows comes as what that extends', async () => {
		const error = await thrown(() => {
			class Local extends SyntaxError {
				extra = 1;
			}
			throw new Local('l');
		});
		expect(error).toBeInstanceOf(SyntaxError);
		expect(error).toMatchObject({ message: 'l', extra: 1 });
	});

	it('of Node keeps its code', async () => {
		expect(await thrown(() => new URL('nonsense'))).toMatchObject({ code: 'ERR_INVALID_URL' });
		expect(await thrown(() => Buffer.alloc('x' as never))).toMatchObject({
			code: 'ERR_INVALID_ARG_TYPE',
			name: 'TypeError',
		});
		const missing = { code: 'ENOENT', syscall: 'open', path: '/missing' };
		expect(
			await thrown((path: string) => import('node:fs').then((fs) => fs.readFileSync(path)), '/missing'),
		).toMatchObject(missing);
	});

	it('that is a DOMException stays one', async () => {
		const error = await thrown(() => AbortSignal.abort().throwIfAborted());
		expect(error).toBeInstanceOf(DOMException);
		expect(error).toMatchObject({ name: 'AbortError', code: 20 });
	});

	it.each([undefined, null, 0, 'text', { code: 1 }, [1]])('need not be an Error: %j', async (value) => {
		expect(await thrown(fail, value)).toEqual(value);
	});

	it('that is a rejection is the same', async () => {
		expect(await thrown(async () => Promise.reject(new EvalError('later')))).toBeInstanceOf(EvalError);
	});

	it('arrives without what cannot cross, which is named', async () => {
		const error = (await thrown(() => {
			throw Object.assign(new Error('held'), {
				socket: new WeakMap(),
				n: 1,
				list: [() => Symbol('s'), new WeakSet()],
			});
		})) as Error;
		expect(error).toMatchObject({ message: 'held', socket: '[cannot cross: WeakMap]', n: 1 });
		expect(error).toMatchObject({ list: '[cannot cross: Array]' });
	});

	it('arrives though its getters throw', async () => {
		const error = await thrown(() => {
			const evil = new Error('evil');
			for (const key of ['stack', 'message', 'data']) {
				Object.defineProperty(evil, key, {
					enumerable: true,
					get() {
						throw evil;
					},
				});
			}
			throw evil;
		});
		expect(error).toBeInstanceOf(Error);
		expect(await host.call(() => 'alive', [])).toBe('alive');
	});

	it('goes there whole as an argument', async () => {
		const node = await readFile('/missing').catch((error) => error);
		const wrapped = new Inline('w', { cause: node });
		const invalid = await thrown(() => new URL('nonsense'));
		const look = (error: Inline & { cause: { code: string } }, other: Error & { code: string }) => [
			error instanceof Inline,
			error instanceof RangeError,
			error.detail.get('n'),
			error.cause.code,
			other.code,
		];
		expect(await host.call(look, [wrapped, invalid])).toEqual([true, true, 1, 'ENOENT', 'ERR_INVALID_URL']);
	});

	it('can be a result as well', async () => {
		const [error] = (await host.call(() => [new Problem('r', 1)], [])) as [Problem];
		expect(error).toBeInstanceOf(Problem);
	});
});
