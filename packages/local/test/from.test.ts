import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { packBaggage, unpackBaggage } from '@conc/core';
import { Local } from '@conc/local';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { baggageForThread, inThread } from './helpers.js';

describe('Local.from', () => {
	test('shows the store in force, and sets in it', () => {
		const als = new AsyncLocalStorage<{ id: number; user?: string }>();
		const request = Local.from(als, { name: 'test.shows' });
		const store: { id: number; user?: string } = { id: 7 };
		als.run(store, () => {
			expect(request.id).toBe(7);
			request.user = 'Alice';
			expect(String(request)).toBe(`Local "test.shows" { id: 7, user: 'Alice' }`);
		});
		expect(store.user).toBe('Alice');
		expectTypeOf(request.id).toEqualTypeOf<number | undefined>();
	});

	const als = new AsyncLocalStorage<{ id: number }>();
	Local.from(als, { name: 'test.store' });

	test.each([true, false])(
		'takes the store into a thread (its module is loaded there: %s)',
		async (loadsModule) => {
			const there = await als.run({ id: 7 }, () =>
				inThread('report-store', { baggage: baggageForThread(), loadsModule }),
			);
			expect(there).toEqual({
				store: loadsModule ? { id: 7 } : undefined,
				id: 7,
				storeOutside: undefined,
				idOutside: undefined,
			});
		},
	);

	test('works with a Map as the store, and with its methods', () => {
		const als = new AsyncLocalStorage<Map<string, number>>();
		const request = Local.from(als, { name: 'test.map' }) as Partial<Map<string, number>>;
		als.run(new Map([['id', 7]]), () => expect(request.get?.('id')).toBe(7));
	});

	test('carries a store that is no object', () => {
		const als = new AsyncLocalStorage<string>();
		const request = Local.from(als, { name: 'test.text' });
		const baggage = als.run('seven', packBaggage);
		expect(baggage).toContainEqual([request, 'seven']);
		expect(unpackBaggage(baggage, () => als.getStore())).toBe('seven');
		expect(als.run('seven', () => Object.keys(request))).toEqual([]);
	});

	test('has nothing outside, carries nothing, and nothing can be set there', () => {
		const als = new AsyncLocalStorage<{ id: number }>();
		const request = Local.from(als, { name: 'test.outside' });
		expect(request.id).toBeUndefined();
		expect(() => {
			request.id = 1;
		}).toThrow(TypeError);
		expect(packBaggage().map(([carrier]) => carrier)).not.toContain(request);
	});

	test('run enters the storage, and clear empties the store', () => {
		const als = new AsyncLocalStorage<{ id: number }>();
		const request = Local.from(als, { name: 'test.run' });
		request.run({ id: 1 }, () => {
			expect(als.getStore()).toEqual({ id: 1 });
			request.clear();
			expect(als.getStore()).toEqual({});
		});
	});

	test('warns when another storage takes the name', async () => {
		const load = () => Local.from(new AsyncLocalStorage(), { name: 'test.twice' });
		load();
		const warned = once(process, 'warning');
		load(); // as the module does that is loaded again
		expect((await warned)[0]).toMatchObject({ code: 'CONC_LOCAL_REPLACED' });
	});

	test('refuses what is no storage, and needs a name', () => {
		expect(() => Local.from({} as never, { name: 'x' })).toThrow('takes an AsyncLocalStorage');
		expect(() => Local.from(new AsyncLocalStorage(), {} as never)).toThrow('needs a name');
	});
});
