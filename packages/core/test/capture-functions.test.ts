import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';

const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
function isOdd(n: number): boolean {
	return n !== 0 && isEven(n - 1);
}

function tally(this: { step: number } | undefined, ...amounts: number[]) {
	return amounts.map((amount) => amount * (this?.step ?? 1));
}

const computed = 'say';
const speaker = {
	greeting: 'hi',
	greet(name: string) {
		return `${this.greeting} ${name}`;
	},
	[computed + 1](n: number) {
		return n + 1;
	},
	get loud(): string {
		return this.greeting.toUpperCase();
	},
	set quiet(value: string) {
		this.greeting = value;
	},
	async later(n: number) {
		return n;
	},
	*count(to: number) {
		for (let n = 1; n <= to; n++) yield n;
	},
};

describe.each(media)('sent to a %s', (medium) => {
	const host = hostFor(medium);

	it('functions that call each other go along, in both directions', async () => {
		expect(await host.call(isEven, [10])).toBe(true);
		expect(await host.call(isOdd, [10])).toBe(false);
	});

	it('a function that names itself can call itself', async () => {
		const factorial = function again(n: number): number {
			return n < 2 ? 1 : n * again(n - 1);
		};
		expect(await host.call(factorial, [5])).toBe(120);
	});

	it('functions inside objects, arrays, Maps and Sets of arguments and results are functions', async () => {
		const double = (n: number) => n * 2;
		type Holder = { list: [typeof double]; map: Map<string, typeof double>; set: Set<typeof double> };
		const use = ({ list, map, set }: Holder) => ({
			sum: list[0](1) + (map.get('f')?.(2) ?? 0) + ([...set][0]?.(3) ?? 0),
			triple: (n: number) => n * 3,
		});
		const result = await host.call(use, [
			{ list: [double], map: new Map([['f', double]]), set: new Set([double]) },
		]);
		expect(result).toMatchObject({ sum: 12 });
		expect((result as { triple: (n: number) => number }).triple(5)).toBe(15);
	});

	it('an object that holds the function that captures it is one cycle', async () => {
		type Ring = { name: string; fn?: () => boolean };
		const ring: Ring = { name: 'ring' };
		ring.fn = () => ring.name === 'ring' && ring.fn !== undefined;
		expect(await host.call((arg: Ring) => [arg === ring, arg.fn?.(), arg.fn === ring.fn], [ring])).toEqual([
			true,
			true,
			true,
		]);
	});

	it('bound functions keep what they are bound to, also when bound twice', async () => {
		const bound = tally.bind({ step: 10 }, 1);
		expect(await host.call(bound, [2])).toEqual([10, 20]);
		expect(await host.call(bound.bind(null, 5), [6])).toEqual([10, 50, 60]);
		const holder = await host.call((fn: typeof bound) => [fn.name, fn.length, fn(3)], [bound]);
		expect(holder).toEqual([bound.name, bound.length, [10, 30]]);
	});

	it('methods go along as functions, and with their object as its methods', async () => {
		expect(await host.call(() => speaker.greet('Ada'), [])).toBe('hi Ada');
		const { greet, later, count } = speaker;
		expect(await host.call(greet.bind({ ...speaker, greeting: 'ho' }), ['Bob'])).toBe('ho Bob');
		expect(await host.call(later, [4])).toBe(4);
		expect(await host.call((fn: typeof count) => [...fn(3)], [count])).toEqual([1, 2, 3]);
	});

	it('methods with a computed name keep the name', async () => {
		const method = speaker[computed + 1] as unknown as (n: number) => number;
		expect(await host.call(method, [1])).toBe(2);
		expect(await host.call((fn: typeof method) => fn.name, [method])).toBe('say1');
	});

	it('getters and setters go along as functions of their own', async () => {
		const descriptors = Object.getOwnPropertyDescriptors(speaker);
		const { get } = descriptors.loud as { get: () => string };
		const { set } = descriptors.quiet as { set: (value: string) => void };
		const use = (getter: typeof get, setter: typeof set) => {
			const target = Object.defineProperty({ greeting: 'a', loud: '' }, 'loud', {
				get: getter,
				set: setter,
			}) as {
				loud: string;
			};
			target.loud = 'shh';
			return target.loud;
		};
		expect(await host.call(use, [get, set])).toBe('SHH');
	});

	it('async functions, generators and async generators are what they were', async () => {
		const wait = async (n: number) => {
			await null;
			return n + 1;
		};
		function* numbers() {
			yield* [1, 2];
		}
		async function* slowly() {
			for (const n of numbers()) yield await wait(n);
		}
		const use = async () => {
			const seen: number[] = [];
			for await (const n of slowly()) seen.push(n);
			return [...seen, wait(0) instanceof Promise];
		};
		expect(await host.call(use, [])).toEqual([2, 3, true]);
		expect(await host.call((fn: typeof slowly) => fn.constructor.name, [slowly])).toBe(
			'AsyncGeneratorFunction',
		);
	});

	it('own properties of a function go along', async () => {
		const counter = Object.assign((n: number) => n + counter.step, { step: 5, unit: { name: 'm' } });
		expect(await host.call((fn: typeof counter) => [fn(1), fn.step, fn.unit.name], [counter])).toEqual([
			6,
			5,
			'm',
		]);
	});

	it('a function of the old kind is a constructor with its prototype', async () => {
		type Old = { name: string; hello(): string };
		const Old = function (this: Old, name: string) {
			this.name = name;
		} as unknown as new (
			name: string,
		) => Old;
		Old.prototype.hello = function (this: Old) {
			return `hello ${this.name}`;
		};
		expect(await host.call(() => new Old('x').hello(), [])).toBe('hello x');
		const made = new Old('y');
		expect(await host.call((it: Old) => [it instanceof Old, it.hello()], [made])).toEqual([true, 'hello y']);
	});

	it('names and lengths of functions stay', async () => {
		const named = { 'a b': (_one: number, _two: number) => 0 };
		const odd = Object.defineProperty(() => 0, 'name', { value: '__proto__' });
		const use = (...fns: (() => unknown)[]) => fns.map((fn) => [fn.name, fn.length]);
		expect(
			await host.call(use, [
				named['a b'],
				(
					() => () =>
						0
				)(),
				odd,
				isOdd,
			]),
		).toEqual([
			['a b', 2],
			['', 0],
			['__proto__', 0],
			['isOdd', 1],
		]);
	});

	it('template literals, regular expressions and comments in a text do no harm', async () => {
		const odd = (value: string) => {
			// a comment with a ' and a ` and }
			const text = `${value}\n\${} ${`nested ${value}`}`;
			return /[`'"/\]]\/}/.test('`/}') ? text : text.length; /* end */
		}; // after
		expect(await host.call(odd, ['v'])).toBe(odd('v'));
	});

	it('a function can be sent on from where it was sent', async () => {
		const { nestedCall } = { nestedCall: (fn: (n: number) => number, n: number) => [fn, fn(n)] as const };
		const factor = 7;
		const fn = (n: number) => n * factor;
		const [back, value] = (await host.call(nestedCall, [fn, 2])) as [typeof fn, number];
		expect(value).toBe(14);
		expect(back(3)).toBe(21);
		expect(await host.call(back, [4])).toBe(28);
	});

	it('this of the module is undefined in strict code', async () => {
		const strict = function (this: unknown) {
			return this === undefined;
		};
		expect(await host.call(strict, [])).toBe(true);
	});
});
