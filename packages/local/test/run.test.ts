import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Local } from '@conc/local';
import { describe, expect, test } from 'vitest';
import { inProcess } from './helpers.js';

interface Request {
	id: number;
	user?: string;
}

describe('run', () => {
	test('returns what the function returns and throws what it throws', () => {
		const local = new Local<Request>();
		expect(local.run({ id: 1 }, () => local.id)).toBe(1);
		expect(() =>
			local.run({ id: 1 }, () => {
				throw new Error('inside');
			}),
		).toThrow('inside');
		expect(local.id).toBeUndefined();
	});

	test('has exactly the values it was given', () => {
		const local = new Local<Request>();
		local.user = 'outside';
		local.run({ id: 1 }, () => expect({ ...local }).toEqual({ id: 1 }));
		expect({ ...local }).toEqual({ user: 'outside' });
	});

	test('keeps what is set inside from the object it was given and from the outside', () => {
		const local = new Local<Request>();
		const given = { id: 1 };
		local.run(given, () => {
			local.id = 2;
			local.user = 'inside';
		});
		expect(given).toEqual({ id: 1 });
		expect({ ...local }).toEqual({});
	});

	test('reaches everything asynchronous that it starts, also after it has returned', async () => {
		const local = new Local<Request>();
		const seen: unknown[] = [];
		const emitter = new EventTarget();
		const done = once(emitter, 'done');
		local.run({ id: 7 }, () => {
			setImmediate(() => seen.push(local.id));
			void Promise.resolve().then(() => seen.push(local.id));
			setTimeout(() => {
				seen.push(local.id);
				emitter.dispatchEvent(new globalThis.Event('done'));
			}, 1);
		});
		expect(local.id).toBeUndefined();
		await done;
		expect(seen).toEqual([7, 7, 7]);
	});

	test('does not mix the values of tasks that run at the same time', async () => {
		const local = new Local<Request>();
		const task = async (id: number) => {
			for (let step = 0; step < 5; step++) {
				expect(local.id).toBe(id + step);
				local.id = id + step + 1;
				await turn();
			}
			return local.id;
		};
		const ids = Array.from({ length: 50 }, (_, n) => n * 100);
		const ends = await Promise.all(ids.map((id) => local.run({ id }, () => task(id))));
		expect(ends).toEqual(ids.map((id) => id + 5));
	});

	test('nests, and each Local has scopes of its own', () => {
		const one = new Local<Request>();
		const other = new Local<Request>();
		one.run({ id: 1 }, () => {
			other.run({ id: 2 }, () => {
				expect([one.id, other.id]).toEqual([1, 2]);
				one.run({ id: 3 }, () => expect([one.id, other.id]).toEqual([3, 2]));
				expect([one.id, other.id]).toEqual([1, 2]);
			});
			expect([one.id, other.id]).toEqual([1, undefined]);
		});
	});

	test('within another of the same Local, with one of another between them, replaces only its own', () => {
		const [one, other] = [new Local<Request>(), new Local<Request>()];
		one.run({ id: 1 }, () =>
			other.run({ id: 2 }, () =>
				one.run({ id: 3 }, () => {
					other.user = 'seen outside';
					expect([one.id, other.id]).toEqual([3, 2]);
					other.run({ id: 4 }, () => expect([one.id, other.id, other.user]).toEqual([3, 4, undefined]));
				}),
			),
		);
		one.run({ id: 1 }, () =>
			other.run({ id: 2 }, () => {
				one.run({ id: 3 }, () => {
					other.user = 'seen outside';
				});
				expect({ ...other }).toEqual({ id: 2, user: 'seen outside' });
			}),
		);
	});

	test('never calls init, nor dispose', () => {
		const calls: string[] = [];
		const local = new Local({
			init: () => {
				calls.push('init');
				return { id: 0 };
			},
			dispose: () => calls.push('dispose'),
		});
		local.run({ id: 1 }, () => {
			expect(local.id).toBe(1);
			local.clear();
		});
		expect(calls).toEqual([]);
	});

	test('refuses values that are none, and what is not a function', () => {
		const local = new Local<Request>({ name: 'request' });
		expect(() => local.run(1 as never, () => 1)).toThrow(
			'Local "request": run was given number, not an object',
		);
		expect(() => local.run({ run: 1 } as never, () => 1)).toThrow("cannot have a value named 'run'");
		expect(() => local.run({}, 1 as never)).toThrow('run takes values and a function');
	});
});

test('no AsyncLocalStorage is made before the first scope', async () => {
	expect(await inProcess('count-storages')).toEqual([
		'0 after the import',
		'0 after plain use and inherit',
		'1 after run of two Locals',
	]);
});

describe('clear', () => {
	test('forgets the values of the thread', () => {
		const local = new Local<Request>();
		local.id = 1;
		local.clear();
		expect({ ...local }).toEqual({});
	});

	test('disposes of the values of the thread, and init makes new ones', () => {
		const disposed: number[] = [];
		let made = 0;
		const local = new Local({
			init: () => ({ n: ++made }),
			dispose: (values) => {
				disposed.push(values.n);
			},
		});
		local.clear();
		expect([local.n, disposed]).toEqual([1, []]);
		local.clear();
		expect([local.n, disposed]).toEqual([2, [1]]);
	});

	test('leaves a scope empty, and the thread as it was', () => {
		const local = new Local<Request>();
		local.id = 1;
		local.run({ id: 2 }, () => {
			local.clear();
			expect({ ...local }).toEqual({});
		});
		expect(local.id).toBe(1);
	});
});
