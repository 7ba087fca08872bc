import { packBaggage, unpackBaggage } from '@conc/core';
import { Local } from '@conc/local';
import { describe, expect, test } from 'vitest';
import { baggageForThread, inThread } from './helpers.js';

interface Request {
	id: number;
	user: string;
}

const carried = (local: unknown) => packBaggage().some(([carrier]) => carrier === local);

describe('inherit', () => {
	test('takes a copy of the values into a thread, and on from there', async () => {
		const request = new Local<Request>({ name: 'test.copy', inherit: true });
		const there = await request.run({ id: 7, user: 'Alice' }, () =>
			inThread('report-inherited', baggageForThread()),
		);
		expect(there).toEqual({
			inside: [{ id: 7, user: 'Alice' }],
			travelsOn: [['test.copy', { id: 7, user: 'Alice' }]],
			outside: [{}],
		});
	});

	test('takes the values of the thread where no scope is', () => {
		const request = new Local<Request>({ name: 'test.thread', inherit: true });
		request.id = 1;
		expect(packBaggage()).toContainEqual([request, { id: 1 }]);
		request.clear();
		expect(carried(request)).toBe(false);
	});

	test('takes the values as they are at the call', () => {
		const request = new Local<Request>({ name: 'test.moment', inherit: true });
		request.run({ id: 1 }, () => {
			const baggage = packBaggage();
			request.id = 2;
			unpackBaggage(baggage, () => expect(request.id).toBe(1));
			expect(request.id).toBe(2);
		});
	});

	test('takes what was set, deleted, defined or cleared since the last call', () => {
		const request = new Local<Request & { now: number }>({ name: 'test.since', inherit: true });
		const packed = () => packBaggage().find(([carrier]) => carrier === (request as unknown))?.[1];
		request.run({ id: 1, user: 'Alice' }, () => {
			expect(packed()).toEqual({ id: 1, user: 'Alice' });
			request.id = 2;
			expect(packed()).toEqual({ id: 2, user: 'Alice' });
			delete request.user;
			expect(packed()).toEqual({ id: 2 });
			let now = 0;
			Object.defineProperty(request, 'now', { get: () => ++now, enumerable: true });
			expect([packed(), packed()]).toEqual([
				{ id: 2, now: 1 },
				{ id: 2, now: 2 },
			]);
			request.clear();
			expect(packed()).toBeUndefined();
			request.user = 'Bob';
			expect(packed()).toEqual({ user: 'Bob' });
		});
	});

	test('of some keys takes these, and the rest is what the thread has', () => {
		let made = 0;
		const request = new Local({
			name: 'test.keys',
			inherit: ['id'],
			init: () => ({ id: 0, connection: ++made }),
		});
		const baggage = request.run({ id: 7, connection: 99 }, () => packBaggage());
		expect(baggage).toContainEqual([request, { id: 7 }]);
		const inside = () => unpackBaggage(baggage, () => ({ ...request }));
		expect([inside(), inside(), { ...request }]).toEqual([
			{ id: 7, connection: 1 },
			{ id: 7, connection: 1 },
			{ id: 0, connection: 1 },
		]);
	});

	test('takes nothing where nothing was set, without running init', () => {
		const local = new Local({
			name: 'test.nothing',
			inherit: true,
			init: (): Request => {
				throw new Error('used');
			},
		});
		expect(carried(local)).toBe(false);
	});

	test('does not mix the values of calls that run at the same time', async () => {
		const request = new Local<Request>({ name: 'test.mix', inherit: true });
		const calls = [1, 2, 3].map((id) => request.run({ id }, packBaggage));
		const seen = calls.map((baggage) =>
			unpackBaggage(baggage, async () => {
				const before = request.id;
				await null;
				request.user = `user ${before}`;
				await null;
				return { ...request };
			}),
		);
		expect(await Promise.all(seen)).toEqual([1, 2, 3].map((id) => ({ id, user: `user ${id}` })));
		expect({ ...request }).toEqual({});
	});

	test('is not done by a Local that was not asked to', () => {
		const local = new Local<Request>({ name: 'test.alone' });
		local.id = 1;
		expect(carried(local)).toBe(false);
	});
});
