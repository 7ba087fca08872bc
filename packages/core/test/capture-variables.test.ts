import { createHash } from 'node:crypto';
import * as path from 'node:path';
import util, { format as formatted } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as counter from './fixtures/counter.mjs';
import twice, { increment, Point } from './fixtures/counter.mjs';
import { hostFor, media } from './support/hosts.js';

const constant = 3;
const settings = { deep: { list: [1, 2] }, unused: 1 };
let late = 1;
var old = 'var';

describe.each(media)('a function sent to a %s', (medium) => {
	const host = hostFor(medium);

	it('sees const, let and var of its module', async () => {
		late = 2;
		expect(await host.call(() => [constant, late, old, settings.deep.list[1]], [])).toEqual([3, 2, 'var', 2]);
	});

	it('sees parameters and variables of the functions and blocks around it', async () => {
		const outer = (parameter: number, { taken }: { taken: string }, ...rest: number[]) => {
			for (const loop of [7]) {
				const block = 'block';
				return () => [parameter, taken, rest, loop, block];
			}
			throw new Error('not reached');
		};
		expect(await host.call(outer(1, { taken: 'taken' }, 2, 3), [])).toEqual([1, 'taken', [2, 3], 7, 'block']);
	});

	it('sees what a catch clause caught', async () => {
		try {
			throw new RangeError('caught');
		} catch (error) {
			expect(await host.call(() => (error as Error).message, [])).toBe('caught');
		}
	});

	it('uses named, default and namespace imports of modules', async () => {
		const use = (n: number) => [twice(n), new Point(3, 4).length, counter.current(), typeof increment];
		expect(await host.call(use, [4])).toEqual([8, 5, 0, 'function']);
	});

	it('uses built-in modules, whole and in parts', async () => {
		const use = () => [
			path.posix.join('a', 'b'),
			formatted('%d', 1),
			util.isDeepStrictEqual([1], [1]),
			createHash('sha1').update('x').digest('hex').slice(0, 4),
		];
		expect(await host.call(use, [])).toEqual(['a/b', '1', true, '11f6']);
	});

	it('imports modules while it runs', async () => {
		const use = async () => {
			const { sep } = await import('node:path/posix');
			const { Point: Imported } = await import('./fixtures/counter.mjs');
			return [sep, new Imported(3, 4).length];
		};
		expect(await host.call(use, [])).toEqual(['/', 5]);
	});

	it('knows the file it stands in', async () => {
		const use = () => [import.meta.url, import.meta.filename, import.meta.dirname];
		expect(await host.call(use, [])).toEqual(use());
	});

	it('does not mistake a shadowing name for the captured one', async () => {
		const name = 'outer';
		const shadowed = (name: string) => {
			const inner = (() => name)();
			return [inner, typeof constant];
		};
		expect(await host.call(shadowed, ['argument'])).toEqual(['argument', 'number']);
		expect(name).toBe('outer');
	});

	it('sees variables through default parameters, destructuring and computed keys', async () => {
		const fallback = 5;
		const key = 'k';
		const use = ({ [key]: value = fallback }: Record<string, number>, extra = fallback + 1) => ({
			[key]: value,
			extra,
		});
		expect(await host.call(use, [{}])).toEqual({ k: 5, extra: 6 });
	});

	it('copies what it captures: the caller keeps its own', async () => {
		const list = [1];
		expect(await host.call(() => list.push(2), [])).toBe(2);
		expect(list).toEqual([1]);
	});

	it('takes globals as they are on the far side', async () => {
		const use = () => [typeof setTimeout, typeof undefinedName, Number.parseInt('12', 10)];
		expect(await host.call(use, [])).toEqual(['function', 'undefined', 12]);
	});

	it('takes of an object that is used only by its members just those', async () => {
		const config = { size: 2, port: process.stdin, nested: { name: 'n', timer: new WeakMap() } };
		expect(await host.call(() => config.size + config.nested.name, [])).toBe('2n');
	});

	it('takes of a module only the members it uses, though others could not cross', async () => {
		const namespace = { ...counter, open: process.stdin, __esModule: true };
		expect(await host.call(() => namespace.default(21), [])).toBe(42);
	});
});

declare const undefinedName: unknown;
