import { format, inspect } from 'node:util';
import { packValue, revive } from '@conc/core';
import { Local } from '@conc/local';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { handleFor, inThread } from './helpers.js';

interface School {
	student: string;
	grade?: number;
}

describe('an attribute', () => {
	test('is there in the thread that set it', () => {
		const school = new Local<School>();
		school.student = 'Alice';
		expect(school.student).toBe('Alice');
	});

	test('reads as undefined when it was never set', () => {
		expect(new Local<School>().student).toBeUndefined();
	});

	test('set in one thread is absent in another and untouched by it', async () => {
		const school = new Local<School>({ name: 'school' });
		school.student = 'Alice';
		const there = await inThread('report-student', handleFor(school));
		expect(there).toEqual({ before: undefined, after: 'Bob', same: true });
		expect(school.student).toBe('Alice');
	});

	test('belongs to one Local only', () => {
		const one = new Local<School>();
		const other = new Local<School>();
		one.student = 'Alice';
		expect(other.student).toBeUndefined();
	});

	test.each(['run', 'clear'] as const)('cannot be named %s', (key) => {
		const local = new Local({ name: 'taken' }) as Record<string, unknown>;
		const message = `Local "taken" cannot have a value named '${key}'`;
		expect(() => Object.assign(local, { [key]: 1 })).toThrow(message);
		expect(() => Object.defineProperty(local, key, { value: 1 })).toThrow(message);
		expect(
			() => (new Local<object>({ name: 'taken', init: () => ({ [key]: 1 }) }) as { other?: unknown }).other,
		).toThrow(message);
	});
});

describe('a Local behaves as an object of the values here', () => {
	test('with in, delete, Object.keys, entries and spread', () => {
		const school = new Local<School>();
		Object.assign(school, { student: 'Alice', grade: 3 });
		expect('student' in school).toBe(true);
		expect('teacher' in school).toBe(false);
		delete school.student;
		expect('student' in school).toBe(false);
		expect(Object.keys(school)).toEqual(['grade']);
		expect(Object.entries(school)).toEqual([['grade', 3]]);
		expect({ ...school }).toEqual({ grade: 3 });
		expect(JSON.stringify(school)).toBe('{"grade":3}');
		expect(Object.hasOwn(school, 'grade')).toBe(true);
	});

	test('with symbols, accessors and properties that are not enumerable', () => {
		const key = Symbol('key');
		const local = new Local<{ [key]: number; double: number; hidden: string; half: number }>({
			init: () => ({
				[key]: 4,
				hidden: '',
				half: 1,
				get double() {
					return this.half * 2;
				},
			}),
		});
		expect(local[key]).toBe(4);
		expect(local.double).toBe(2);
		Object.defineProperty(local, 'hidden', { value: 'x' });
		expect(local.hidden).toBe('x');
		Object.defineProperty(local, 'secret', { value: 'y', enumerable: false });
		expect(Object.keys(local)).not.toContain('secret');
	});

	test('and cannot be frozen, as other threads have other values', () => {
		expect(() => Object.freeze(new Local())).toThrow(TypeError);
		expect(() => Object.setPrototypeOf(new Local(), {})).toThrow(TypeError);
	});

	test('whose init returned a frozen object', () => {
		const local = new Local({ init: () => Object.freeze({ a: 1 }) as { a: number } });
		expect({ ...local }).toEqual({ a: 1 });
		expect(() => {
			local.a = 2;
		}).toThrow(TypeError);
	});
});

describe('init', () => {
	test('runs once, at the first use', () => {
		let runs = 0;
		const local = new Local({
			init: () => {
				runs++;
				return { items: [] as number[] };
			},
		});
		expect(runs).toBe(0);
		local.items.push(1);
		local.items.push(2);
		expect(local.items).toEqual([1, 2]);
		expect(runs).toBe(1);
	});

	test('does not run because the Local is shown, tested, awaited or sent', async () => {
		const local = new Local({
			init: (): { a: number } => {
				throw new Error('used');
			},
		});
		expect(await local).toBe(local);
		expect(packValue({ local, read: () => local.a }, 'a Local').hasNeeds).toBe(true);
		expect(`${inspect(local)} ${local instanceof Local}`).toBe('Local {} true');
		expect(handleFor(local)).toHaveProperty('id');
	});

	test('that throws fails the use, and runs again at the next', () => {
		let runs = 0;
		const local = new Local({
			init: () => {
				if (++runs === 1) throw new Error('not yet');
				return { runs };
			},
		});
		expect(() => local.runs).toThrow('not yet');
		expect(local.runs).toBe(2);
	});

	test('that uses its own Local is told so', () => {
		const local: { a: number } = new Local<{ a: number }>({ name: 'self', init: () => ({ a: local.a }) });
		expect(() => local.a).toThrow('init of Local "self" uses the Local whose values it makes');
	});

	test('must return an object, and not a promise of one', () => {
		expect(() => ({ ...new Local<object>({ init: () => 1 as never }) })).toThrow('init returned number');
		expect(() => ({ ...new Local<object>({ init: async () => ({}) }) })).toThrow('init returned a promise');
	});

	test('may return an instance of a class, with its methods', () => {
		class Counter {
			n = 0;
			add() {
				return ++this.n;
			}
		}
		const counter = new Local({ init: () => new Counter() });
		counter.add();
		expect(counter.add()).toBe(2);
		expect(counter).toBeInstanceOf(Local);
	});
});

describe('a subclass', () => {
	test('has its methods beside the values, as in Python', () => {
		// TypeScript extends no class whose constructor returns one of two types, so the one is chosen here.
		class SchoolLocal extends (Local as unknown as new () => Local<School>) {
			greet() {
				return `Hello, ${this.student}`;
			}
		}
		const school = new SchoolLocal();
		school.student = 'Alice';
		expect(school.greet()).toBe('Hello, Alice');
		expect(school).toBeInstanceOf(SchoolLocal);
		expect(school.constructor).toBe(SchoolLocal);
		const revived = SchoolLocal as unknown as typeof Local;
		expect(revived[revive]({ ...handleFor(school), id: 'from elsewhere' } as never)).toBeInstanceOf(
			SchoolLocal,
		);
		expect(school).toBeInstanceOf(Local);
	});
});

describe('the same class in two copies of the package', () => {
	test('is one to instanceof and to revive', async () => {
		const url = `${import.meta.resolve('@conc/local')}?copy`;
		const { Local: Other } = (await import(/* @vite-ignore */ url)) as { Local: typeof Local };
		expect(Other).not.toBe(Local);
		const local = new Other<School>();
		local.student = 'Alice';
		expect(local).toBeInstanceOf(Local);
		expect(Local[revive](handleFor(local) as never)).toBe(local);
	});
});

describe('shown', () => {
	test('a Local says its name and the values here', () => {
		const school = new Local<School>({ name: 'school' });
		expect(String(school)).toBe('Local "school" {}');
		school.student = 'Alice';
		expect(inspect(school)).toBe(`Local "school" { student: 'Alice' }`);
		expect(inspect({ school }, { depth: 0 })).toBe('{ school: [Local "school"] }');
		expect(`${school}`).toBe(`Local "school" { student: 'Alice' }`);
	});

	test('a Local never throws', () => {
		const local = new Local<{ bad: object }>();
		local.bad = {
			[inspect.custom]() {
				throw new Error('no');
			},
		};
		expect(inspect(local)).toBe('[Local, whose values cannot be shown]');
	});
});

describe('options that are wrong', () => {
	test('are refused with a TypeError', () => {
		expect(() => new Local({ inherit: true })).toThrow('a Local that inherits needs a name');
		expect(() => new Local({ inherit: true })).toThrow(TypeError);
		expect(() => new Local({ name: 1 as never })).toThrow('the name of a Local is a string');
		expect(() => new Local({ init: 1 as never })).toThrow('Local: init is not a function');
		expect(() => new Local({ name: 'a', inherit: 'b' as never })).toThrow('neither true nor an array');
	});
});

describe('types', () => {
	test('values are complete with an init, and partial without', () => {
		const made = new Local({ init: () => ({ n: 1 }) });
		expectTypeOf(made.n).toEqualTypeOf<number>();
		const bare = new Local<School>();
		expectTypeOf(bare.student).toEqualTypeOf<string | undefined>();
		expectTypeOf(bare).toExtend<Local<School>>();
		expectTypeOf(made).toExtend<Local<{ n: number }>>();
		expectTypeOf(made.run({ n: 2 }, () => 'x')).toEqualTypeOf<string>();
		expectTypeOf(bare.run({}, async () => 1)).toEqualTypeOf<Promise<number>>();
	});

	test('the keys of the methods, and keys that are not there, are refused', () => {
		const school = new Local<School>({ name: 'test.types', inherit: ['student'] });
		// @ts-expect-error teacher is no key of School
		new Local<School>({ name: 'test.types other', inherit: ['teacher'] });
		// @ts-expect-error clear is a method
		new Local<{ clear: boolean }>();
		// @ts-expect-error and so is run
		new Local({ init: () => ({ run: 1 }) });
		// @ts-expect-error a number is no student
		school.student = 1;
		// @ts-expect-error the values of a scope are complete where there is an init
		new Local({ init: () => ({ n: 1 }) }).run({}, () => 1);
		new Local({
			init: () => ({ n: 1 }),
			dispose: (values) => expectTypeOf(values).toEqualTypeOf<{ n: number }>(),
		});
		new Local<School>({ dispose: (values) => expectTypeOf(values).toEqualTypeOf<Partial<School>>() });
	});
});

describe('whoever only looks at a Local', () => {
	test('makes no values, and sees its name or at least what it is', () => {
		let made = 0;
		const init = () => {
			made++;
			return { student: 'Bob' };
		};
		const school = new Local({ name: 'seen', init });
		expect([String(school), `${school}`, `${school}!`]).toEqual([
			'Local "seen" {}',
			'Local "seen" {}',
			'Local "seen" {}!',
		]);
		expect(format('%o', school)).toContain('Local');
		expect(inspect(school, { showProxy: true })).toContain('Local');
		expect(made).toBe(0);
		expect([school.student, made]).toEqual(['Bob', 1]);
	});

	test('finds a value named constructor, and else its class', () => {
		const named = new Local<{ constructor: number }>() as { constructor: unknown };
		expect(named.constructor).toBe(Local);
		named.constructor = 5;
		expect([named.constructor, { ...named }]).toEqual([5, { constructor: 5 }]);
	});
});

test.each([
	['Array', [1, 2]],
	['Map', new Map([[1, 2]])],
	['Date', new Date(5)],
	['Error', new Error('m')],
	['Uint8Array', new Uint8Array(2)],
])('values that are more than their properties are refused: %s', (kind, values) => {
	const message = `a value of class ${kind}, which is more than its properties; put it into an object`;
	expect(() => new Local<object>().run(values, () => 1)).toThrow(message);
	expect(() => (new Local<object>({ init: () => values }) as { x?: unknown }).x).toThrow(message);
});
