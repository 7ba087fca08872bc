import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';

class Shape {
	static made = 0;
	static unit = { name: 'cm' };
	static describe = (shape: Shape) => `a ${shape.constructor.name}`;
	static of(name: string) {
		return new Shape(name);
	}
	sides = 0;
	constructor(readonly name: string) {}
	get title() {
		return `${this.name}!`;
	}
	area() {
		return 0;
	}
}

class Square extends Shape {
	override sides = 4;
	constructor(readonly edge: number) {
		super('square');
	}
	override area() {
		return this.edge ** 2 + super.area();
	}
}

const withColour = (Base: typeof Square) =>
	class Coloured extends Base {
		colour = 'red';
	};

class RedSquare extends withColour(Square) {}

describe.each(media)('a class sent to a %s', (medium) => {
	const host = hostFor(medium);

	it('makes instances with its fields, methods and accessors', async () => {
		const use = () => {
			const shape = new Shape('circle');
			return [shape.name, shape.title, shape.sides, shape.area(), shape instanceof Shape];
		};
		expect(await host.call(use, [])).toEqual(['circle', 'circle!', 0, 0, true]);
	});

	it('extends what it extended, also where that is an expression', async () => {
		const use = () => {
			const red = new RedSquare(3);
			return [red.area(), red.colour, red instanceof Square, red instanceof Shape, red.sides];
		};
		expect(await host.call(use, [])).toEqual([9, 'red', true, true, 4]);
	});

	it('extends built-in classes', async () => {
		class Numbers extends Array<number> {
			first() {
				return this[0];
			}
		}
		class Bus extends EventEmitter {}
		class Problem extends Error {
			override name = 'Problem';
			code = 7;
		}
		const use = () => {
			const bus = new Bus();
			let heard = 0;
			bus.on('x', (n: number) => {
				heard = n;
			});
			bus.emit('x', 5);
			const problem = new Problem('m');
			return [new Numbers(3, 4).first(), heard, problem instanceof Error, problem.code, String(problem)];
		};
		expect(await host.call(use, [])).toEqual([3, 5, true, 7, 'Problem: m']);
	});

	it('keeps its static members, with their present values', async () => {
		Shape.made = 8;
		const use = () => [Shape.made, Shape.unit.name, Shape.describe(new Shape('s')), Shape.of('o').name];
		expect(await host.call(use, [])).toEqual([8, 'cm', 'a Shape', 'o']);
	});

	it('has instances that keep their prototype, as arguments and captured', async () => {
		const square = new Square(2);
		const use = (other: Square) => [square.area(), other.area(), other instanceof Square, other === square];
		expect(await host.call(use, [square])).toEqual([4, 4, true, true]);
	});

	it('comes home as the class it was, and so do its instances', async () => {
		const made = (await host.call(() => [new Square(5), Square, new RedSquare(1)], [])) as [
			Square,
			unknown,
			RedSquare,
		];
		expect(made[0]).toBeInstanceOf(Square);
		expect(made[0].area()).toBe(25);
		expect(made[1]).toBe(Square);
		expect(made[2]).toBeInstanceOf(RedSquare);
	});

	it('is the same class in one call after another', async () => {
		const keep = (value: unknown) => {
			const kept = globalThis as { kept?: unknown };
			const before = kept.kept;
			kept.kept = value;
			return before === value;
		};
		await host.call(keep, [Shape]);
		expect(await host.call(keep, [Shape])).toBe(true);
	});

	it('can have private members, and makes instances there', async () => {
		class Account {
			#balance = 0;
			static #secret() {
				return 42;
			}
			deposit(amount: number) {
				this.#balance += amount;
				return this.#balance;
			}
			static reveal() {
				return Account.#secret();
			}
			static is(value: object) {
				return #balance in value;
			}
		}
		const use = () => [new Account().deposit(5), Account.reveal(), Account.is(new Account())];
		expect(await host.call(use, [])).toEqual([5, 42, true]);
	});

	it('may name itself inside and be anonymous outside', async () => {
		const Named = class Inner {
			n = 0;
			static self() {
				return Inner;
			}
		};
		const Anonymous = class {
			n = 1;
		};
		const use = () => [Named.self() === Named, Named.name, Anonymous.name, new Anonymous().n];
		expect(await host.call(use, [])).toEqual([true, 'Inner', 'Anonymous', 1]);
	});

	it('has static methods and methods that can be sent by themselves', async () => {
		const { describe: describeShape } = Shape;
		expect(await host.call(describeShape, [new Square(1)])).toBe('a Square');
		const title = Object.getOwnPropertyDescriptor(Shape.prototype, 'title')?.get as () => string;
		expect(await host.call(title.bind(new Shape('bound')), [])).toBe('bound!');
	});

	it('has instances of subclasses of Map, Set, Array and Error with what they hold', async () => {
		class Registry extends Map<string, number> {
			label = 'registry';
		}
		class Bag extends Set<number> {}
		class List extends Array<number> {}
		const registry = new Registry([['a', 1]]);
		const use = (map: Registry, set: Bag, list: List) => [
			map instanceof Registry && map.get('a'),
			map.label,
			set instanceof Bag && set.has(2),
			list instanceof List && list.length,
		];
		expect(await host.call(use, [registry, new Bag([2]), List.from([1, 2, 3])])).toEqual([
			1,
			'registry',
			true,
			3,
		]);
	});

	it('keeps objects whose prototype is another object', async () => {
		const base = { hello: () => 'from the base' };
		const derived = Object.assign(Object.create(base) as typeof base & { own: number }, { own: 1 });
		const bare = Object.assign(Object.create(null) as Record<string, number>, { n: 1 });
		const use = (object: typeof derived, none: typeof bare) => [
			object.hello(),
			object.own,
			Object.hasOwn(object, 'hello'),
			Object.getPrototypeOf(none),
			none.n,
		];
		expect(await host.call(use, [derived, bare])).toEqual(['from the base', 1, false, null, 1]);
	});
});
