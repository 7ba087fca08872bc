import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';
import { fixture, output, runNode } from './support/programs.js';

const require = createRequire(import.meta.url);

describe.each(media)('towards a %s', (medium) => {
	const host = hostFor(medium);

	it('built-in functions and objects are those of the far side', async () => {
		const { log } = console;
		const builtins = [
			log,
			Date.now,
			Map.prototype,
			queueMicrotask,
			createHash,
			Symbol.iterator,
			Math,
			fs.promises,
		];
		const look = (values: unknown[]) => [
			values[0] === console.log,
			values[1] === Date.now,
			values[2] === Map.prototype,
			values[3] === queueMicrotask,
			values[4] === process.getBuiltinModule('node:crypto').createHash,
			values[5] === Symbol.iterator,
			values[6] === Math,
			values[7] === process.getBuiltinModule('node:fs').promises,
		];
		expect(await host.call(look, [builtins])).toEqual(builtins.map(() => true));
		const back = (await host.call((values: unknown[]) => values, [builtins])) as unknown[];
		expect(back.every((value, at) => value === builtins[at])).toBe(true);
	});

	it('a require made by createRequire is one for the same file', async () => {
		const use = () => [require('node:path').sep, require.resolve('./fixtures/counter.mjs')];
		expect(await host.call(use, [])).toEqual(use());
	});

	it('the prototype of a class is that of the class', async () => {
		class Own {
			hello() {
				return 'hello';
			}
		}
		Object.assign(Own.prototype, { mixedIn: () => 'mixed in' });
		const { prototype } = Own;
		const use = () => [prototype === Own.prototype, (new Own() as Own & { mixedIn(): string }).mixedIn()];
		expect(await host.call(use, [])).toEqual([true, 'mixed in']);
	});

	it('constructors of the old kind inherit as they did', async () => {
		type Thing = { hello(): string };
		const Old = function (this: Thing) {
			Object.assign(this, { made: true });
		} as unknown as new () => Thing;
		Old.prototype.hello = () => 'hello';
		const Older = function (this: Thing) {
			Object.assign(this, { made: true });
		} as unknown as new () => Thing & { twice(): string };
		Older.prototype = Object.create(Old.prototype, {
			constructor: { value: Older },
			twice: {
				value(this: Thing) {
					return this.hello() + this.hello();
				},
				enumerable: true,
			},
		});
		const made = new Older();
		const use = (thing: Thing) => [
			new Older().twice(),
			thing instanceof Older,
			thing instanceof Old,
			thing.hello(),
		];
		expect(await host.call(use, [made])).toEqual(['hellohello', true, true, 'hello']);
	});

	it('static fields that were given another function keep the other', async () => {
		class Hooks {
			n = 0;
			static before = () => 'before';
			static after = () => 'after';
		}
		Hooks.after = () => 'replaced';
		expect(await host.call(() => [Hooks.before(), Hooks.after()], [])).toEqual(['before', 'replaced']);
	});

	it('members named by captured constants keep their names', async () => {
		const key = 'dynamic';
		const tag = Symbol.for('tag');
		class Keyed {
			static [tag] = undefined;
			[key]() {
				return 1;
			}
			get [tag]() {
				return 2;
			}
		}
		Object.defineProperty(Keyed, tag, { enumerable: false });
		expect(await host.call(() => [new Keyed()[key](), new Keyed()[tag]], [])).toEqual([1, 2]);
	});

	it('counters made by two calls of one function stay two, though all their values are equal', async () => {
		const makeCounter = () => {
			let count = 0;
			return { next: () => ++count, now: () => count };
		};
		const [one, other] = [makeCounter(), makeCounter()];
		const use = (a: typeof one, b: typeof one) => [a.next(), a.next(), b.next(), a.now(), b.now()];
		expect(await host.call(use, [one, other])).toEqual([1, 2, 1, 2, 1]);
	});
});

it('what a program made global, or put in the place of a built-in, goes by value', async () => {
	const crossed = [8, { a: 1 }, { a: 1 }, true, 'patched'];
	expect(await output(runNode([fixture('own-globals.mjs')]))).toEqual([crossed, crossed]);
});
