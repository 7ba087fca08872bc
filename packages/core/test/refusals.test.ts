import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { byReference, byValue, CannotCross, CaptureError, explain, share, startThread } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { hostFor, media } from './support/hosts.js';

const source = readFileSync(new URL(import.meta.url), 'utf8').split('\n');

/** `test/refusals.test.ts:line:` of the line that ends in this mark. */
function at(mark: string): string {
	const line = source.findIndex((text) => text.endsWith(`// ${mark}`)) + 1;
	return `test/refusals.test.ts:${line}:`;
}

type Case = [what: string, make: () => unknown, says: string[]];

class Account {
	#balance = 1;
	peek() {
		return () => this.#balance; // private
	}
	balance() {
		return this.#balance;
	}
}

class Base {
	hello() {
		return 'base';
	}
}

class Derived extends Base {
	override hello() {
		return super.hello(); // super
	}
	arrow() {
		return () => super.hello(); // super in an arrow
	}
	lexical() {
		return () => typeof this; // this
	}
}

const functions: Case[] = [
	[
		'`this` of the function around it',
		() => new Derived().lexical(),
		['uses `this` of the function around it', at('this')],
	],
	[
		'`super` of a method',
		() => new Derived().hello,
		['uses `super`', at('super'), 'send the class or the object'],
	],
	['`super` of the method around it', () => new Derived().arrow(), ['uses `super`', at('super in an arrow')]],
	[
		'`new.target` of the function around it',
		() =>
			new (
				function Outer(this: object) {
					return () => new.target; // new.target
				} as unknown as new () => object
			)(),
		['uses `new.target` of the function around it', at('new.target')],
	],
	[
		'`arguments` of the function around it',
		() =>
			(function outer() {
				// biome-ignore lint/complexity/noArguments: what is to be refused
				return () => arguments.length; // arguments
			})(),
		['uses `arguments` of the function around it', at('arguments')],
	],
	['a `#private` member', () => new Account().peek(), ['uses the private member `#balance`', at('private')]],
	[
		'an instance with `#private` members',
		() => {
			const account = new Account();
			return () => account.balance();
		},
		[
			'uses `account`',
			'is an instance of Account, whose #private members cannot be copied',
			'send plain data',
		],
	],
	[
		'a native function without a name',
		() => {
			let resolve: (n: number) => void = () => {};
			void new Promise<number>((done) => {
				resolve = done;
			});
			return () => resolve(1);
		},
		['uses `resolve`', 'is a native function that no module of Node has by name', 'wrap it in a function'],
	],
	[
		'a Proxy',
		() => new Proxy(() => 1, {}),
		['is a Proxy, whose handler cannot be seen', 'send the function behind the Proxy'],
	],
	[
		'a direct eval',
		() => new Function('x', 'return () => eval(x)')('1'),
		['has direct `eval` or `with`', '(0, eval)(text)'],
	],
	['a with', () => new Function('o', 'with (o) { return () => o }')({}), ['has direct `eval` or `with`']],
	[
		'a static block',
		() => {
			class Configured {
				n = 0;
				static state: number;
				static {
					Configured.state = Math.random();
				}
			}
			return () => Configured.state;
		},
		['uses `Configured`', 'has a static block', 'export the class from a module of its own'],
	],
	[
		'a class that is not initialised',
		() => {
			const use = () => new Late();
			return Object.assign(use, { mark: 1 });
			class Late {}
		},
		['uses `Late`', 'which is not initialised yet', 'make the call after its declaration has run'],
	],
];

const values: Case[] = [
	[
		'a socket',
		() => new Socket(),
		['is a Socket, which cannot be copied', 'open or make it inside the function'],
	],
	['a stream', () => process.stdout, ['which cannot be copied']],
	[
		'a timer',
		() => {
			const timer = setTimeout(() => {}, 0);
			clearTimeout(timer);
			return timer;
		},
		['is a Timeout, which cannot be copied'],
	],
	['a promise', () => Promise.resolve(), ['is a Promise, which cannot be copied']],
	['a WeakMap', () => new WeakMap(), ['is a WeakMap']],
	['a WeakSet', () => new WeakSet(), ['is a WeakSet']],
	['a WeakRef', () => new WeakRef({}), ['is a WeakRef']],
	['a running generator', () => (function* () {})(), ['is a generator that is running']],
	['a symbol of its own', () => Symbol('mine'), ['is a symbol that only this thread has', 'Symbol.for(key)']],
	[
		'a Proxy that throws at every touch',
		() => {
			const refuse = () => {
				throw new Error('touched');
			};
			const traps = Object.getOwnPropertyNames(Reflect).map((name) => [name, refuse]);
			return new Proxy({}, Object.fromEntries(traps));
		},
		['is a Proxy, whose handler cannot be seen'],
	],
	[
		'a property named by a symbol',
		() => ({ [Symbol.for('tag')]: 1 }),
		['has a property named by Symbol(tag)', 'would be lost'],
	],
	[
		'a Date with properties',
		() => Object.assign(new Date(), { zone: 'UTC' }),
		['has a property `zone` of its own'],
	],
	[
		'an instance of a native class',
		() => new (class Lines extends Int8Array {})(1),
		['is a Lines, which cannot be copied'],
	],
	[
		'a buffer that was moved',
		() => {
			const buffer = new ArrayBuffer(8);
			structuredClone(buffer, { transfer: [buffer] });
			return buffer;
		},
		['is a buffer that was moved before'],
	],
	[
		'a view of one',
		() => {
			const view = new Uint8Array(8);
			structuredClone(view, { transfer: [view.buffer] });
			return view;
		},
		['is a buffer that was moved before'],
	],
	[
		'a MessagePort that is not transferred',
		() => new MessageChannel().port1,
		['is a MessagePort that is not in the transfer list'],
	],
	[
		'a shareable that refuses',
		() => ({
			[share]() {
				throw new CannotCross('is a Valve, which stays where it is', 'send its state');
			},
		}),
		['is a Valve, which stays where it is', 'send its state'],
	],
];

describe.each(media)('towards a %s', (medium) => {
	const host = hostFor(medium);
	const refusalOf = (fn: (...args: never[]) => unknown, ...args: unknown[]): CaptureError => {
		try {
			void host.call(fn, args);
		} catch (error) {
			expect(error).toBeInstanceOf(CaptureError);
			return error as CaptureError;
		}
		return expect.unreachable('it was sent');
	};

	it.each(functions)('a function is refused for %s', (_, make, says) => {
		const { message } = refusalOf(make() as () => unknown);
		expect(message).toMatch(new RegExp(`^cannot send .+ to a ${medium}:\n  it .*(\n  .*)*\n  → .+$`));
		for (const text of says) expect(message).toContain(text);
	});

	it.each(values)(
		'a value is refused for being %s: as an argument, captured and deep inside',
		(_, make, says) => {
			const value = make();
			const look = (it: unknown) => it;
			const messages = {
				'`args[1].deep.list[0]`': refusalOf(look, 1, { deep: { list: [value] } }).message,
				'`args[0]["odd key"]`': refusalOf(look, { 'odd key': value }).message,
				'it uses `value` (test/refusals.test.ts:': refusalOf(() => value).message,
				'`args[0].get`': refusalOf(look, new Map([['get', value]])).message,
			};
			for (const [path, message] of Object.entries(messages)) {
				for (const text of [path, ...says]) expect(message).toContain(text);
			}
		},
	);

	it('the message tells the whole way: from function to function, with the place of each', () => {
		const db = { pool: { sockets: [1, new Socket()] } }; // db
		const query = () => db; // query
		const handler = () => query(); // handler
		const way = [
			`cannot send \`handler\` (${at('handler')}9) to a ${medium}:`,
			`  it uses \`query\` (${at('query')}9),`,
			`  which uses \`db.pool.sockets[1]\` (${at('db')}9),`,
			'  which is a Socket, which cannot be copied',
			'  → open or make it inside the function, or export the function from a module of its own',
		];
		expect(refusalOf(handler).message).toBe(way.join('\n'));
	});

	it('a variable that is not initialised yet is told from one that is undefined', () => {
		const use = () => later;
		let refused: CaptureError | undefined;
		try {
			void host.call(use, []).catch(() => {});
		} catch (error) {
			refused = error as CaptureError;
		}
		// Node 20 cannot tell them apart.
		if (refused !== undefined) expect(refused.message).toContain('`later`');
		const later = 1;
	});

	it('nothing is sent of a call that is refused, and the next goes through', async () => {
		const before = host.call(() => 'before', []);
		refusalOf(() => 1, Promise.resolve());
		expect(await before).toBe('before');
		expect(await host.call(() => 'after', [])).toBe('after');
	});

	it('only a function can be called', () => {
		for (const fn of [undefined, null, 1, 'name', {}]) {
			expect(() => host.call(fn as never, [])).toThrow(
				/fn must be a function, not (null|undefined|a number|a string|an object)/,
			);
		}
	});
});

describe('byReference, byValue and explain', () => {
	const untyped = { byReference, byValue, explain } as unknown as Record<
		string,
		(...args: unknown[]) => unknown
	>;
	const fn = () => 1;

	it.each([
		['byReference', [5], 'byReference takes a function, not a number'],
		['byReference', [fn, 5], 'at must be an object such as'],
		['byReference', [fn, { module: 5, export: 'a' }], 'at.module must be a string, not a number'],
		['byReference', [fn, { module: 'file:///a.mjs' }], 'at.export must be a string, not undefined'],
		['byValue', [null], 'byValue takes a function, not null'],
		['explain', [{}], 'explain takes a function, not an object'],
	])('%s(%o) is refused: %s', (name, args, message) => {
		expect(() => untyped[name]?.(...args)).toThrow(message);
	});

	it('an export that is not there, or is no function, is named', async () => {
		const { host } = startThread({ name: 'T', runs: 'many' }, []);
		const module = new URL('./fixtures/slow.mjs', import.meta.url).href;
		const missing = byReference(fn, { module, export: 'nope' });
		await expect(host.call(missing, [])).rejects.toThrow(`${module} has no function under the name nope`);
		await host.terminate();
	});
});
