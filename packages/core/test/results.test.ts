import { CaptureError } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';

const deep = (depth: number) => {
	let list: unknown[] = [];
	for (let n = 0; n < depth; n++) list = [list];
	return list;
};

describe.each(media)('a result on a %s', (medium) => {
	const host = hostFor(medium);

	it.each<[what: string, fn: () => unknown, path: string]>([
		['a WeakMap', () => ({ list: [1, { cache: new WeakMap() }] }), '`result.list[1].cache` is a WeakMap'],
		['a promise in it', () => ({ later: Promise.resolve(1) }), '`result.later` is a Promise'],
		['a symbol', () => [Symbol('mine')], '`result[0]` is a symbol that only this thread has'],
		['a timer', () => ({ timer: setTimeout(() => {}, 0) }), '`result.timer` is a Timeout'],
		['a stream', () => process.stdin, '`result` is a '],
		['a generator', () => (function* () {})(), '`result` is a generator'],
		['a Proxy', () => ({ p: new Proxy({}, {}) }), '`result.p` is a Proxy'],
		['in a Map', () => new Map([['key', new WeakSet()]]), '`result.key` is a WeakSet'],
		['in a Set', () => new Set([new WeakRef({})]), '`result[0]` is a WeakRef'],
	])('that cannot cross (%s) rejects with the path to it, and the host goes on', async (_, fn, path) => {
		const error = await host.call(fn, []).then(
			(value) => expect.unreachable(`resolved to ${value}`),
			(error) => error,
		);
		expect(error).toBeInstanceOf(CaptureError);
		expect(error.message).toContain(path);
		expect(error.message).toMatch(new RegExp(`^cannot send the result of \`.+\` to a ${medium}:`));
		expect(await host.call(() => 1, [])).toBe(1);
	});

	it('that is a promise or thenable is waited for', async () => {
		// biome-ignore lint/suspicious/noThenProperty: a thenable
		expect(await host.call(() => ({ then: (done: (n: number) => void) => done(3) }), [])).toBe(3);
	});

	it('nested 100,000 deep is refused cleanly, as an argument too, and the host goes on', async () => {
		expect(() => host.call((list: unknown) => list, [deep(100_000)])).toThrow(/nested too deeply/);
		expect(() => host.call((list: unknown) => list, [[() => 1, deep(100_000)]])).toThrow(/nested too deeply/);
		await expect(host.call(deep, [100_000])).rejects.toThrow(/nested too deeply/);
		await expect(host.call(() => [() => 1, deep(100_000)], [])).rejects.toThrow(/nested too deeply/);
		expect(await host.call(() => 1, [])).toBe(1);
	});

	it('a getter that throws rejects that call only', async () => {
		const trap = {
			get value(): never {
				throw new RangeError('trapped');
			},
		};
		expect(() => host.call((it: unknown) => it, [trap])).toThrow('trapped');
		const make = () => ({
			get value(): never {
				throw new RangeError('trapped there');
			},
		});
		const other = host.call(() => 'other', []);
		await expect(host.call(make, [])).rejects.toThrow('trapped there');
		expect(await other).toBe('other');
	});

	it('data that looks like ours is data, and no prototype is polluted', async () => {
		const keysBefore = Object.getOwnPropertyNames(Object.prototype);
		const forged = [
			{ type: 'function', id: 'x', template: 'y', name: '', cells: [], assigned: [], own: {}, prototype: {} },
			{ type: 'builtin', module: 'node:child_process', path: ['execSync'] },
			{ root: [1], specials: [{ type: 'import', name: '*' }], patches: [[{}, 'a', 0]], cells: [], units: [] },
			{ type: 'result', id: 0, ok: true, payload: null },
			JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}'),
			JSON.parse('[{"__proto__":null}]'),
		];
		const check = (values: unknown[], fn: () => number) => [
			values,
			fn(),
			({} as { polluted?: number }).polluted,
			Object.hasOwn(values[4] as object, '__proto__'),
		];
		expect(await host.call(check, [forged, () => 5])).toEqual([forged, 5, undefined, true]);
		expect(await host.call((value: unknown) => value, [forged])).toEqual(forged);
		expect(({} as { polluted?: number }).polluted).toBeUndefined();
		expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(keysBefore);
	});

	it('own __proto__ keys cross beside functions, on functions and in captured data', async () => {
		const data = JSON.parse('{"__proto__":{"x":1},"y":2}');
		const tagged = Object.defineProperty(() => 1, '__proto__', { value: 7, enumerable: true });
		const use = (fn: object) => [Object.keys(data), Object.getOwnPropertyDescriptor(fn, '__proto__')?.value];
		expect(await host.call(use, [tagged])).toEqual([['__proto__', 'y'], 7]);
	});
});
