import { describe, expect, it, vi } from 'vitest';
import { hostFor, media } from './support/hosts.js';

let moduleCount = 0;
const addToModule = (n: number) => {
	moduleCount += n;
	return moduleCount;
};
const readModule = () => moduleCount;

describe.each(media)('captured variables, towards a %s,', (medium) => {
	const host = hostFor(medium);

	it('have the values they have at the call', async () => {
		let factor = 1;
		const scale = (n: number) => n * factor;
		const first = host.call(scale, [5]);
		factor = 2;
		const second = host.call(scale, [5]);
		expect(await Promise.all([first, second])).toEqual([5, 10]);
	});

	it('have the contents they have at the call', async () => {
		const list = [1];
		const sum = () => list.reduce((a, b) => a + b, 0);
		const first = host.call(sum, []);
		list.push(10);
		const second = host.call(sum, []);
		expect(await Promise.all([first, second])).toEqual([1, 11]);
	});

	it('have new values in a closure made anew', async () => {
		const multiplier = (factor: number) => (n: number) => n * factor;
		const calls = [1, 2, 3].map((factor) => host.call(multiplier(factor), [10]));
		expect(await Promise.all(calls)).toEqual([10, 20, 30]);
	});

	it('that were undefined at first are read again', async () => {
		const read = () => typeof helper;
		let helper: unknown;
		expect(await host.call(read, [])).toBe('undefined');
		helper = 1;
		expect(await host.call(read, [])).toBe('number');
	});

	it('are shared by functions that share them', async () => {
		let count = 0;
		const add = (n: number) => {
			count += n;
		};
		const read = () => count;
		const use = (adder: typeof add, reader: typeof read) => {
			adder(2);
			adder(3);
			return reader();
		};
		expect(await host.call(use, [add, read])).toBe(5);
		expect(count).toBe(0);
	});

	it('of the module are shared as well', async () => {
		const use = () => [addToModule(1), readModule()];
		expect(await host.call(use, [])).toEqual([1, 1]);
	});

	it('that two runs of one function made are two', async () => {
		const counterFrom = (start: number) => {
			let count = start;
			return { next: () => ++count, now: () => count };
		};
		const one = counterFrom(0);
		const other = counterFrom(10);
		const use = (a: typeof one, b: typeof one) => [a.next(), a.next(), a.now(), b.next(), b.now()];
		expect(await host.call(use, [one, other])).toEqual([1, 2, 2, 11, 11]);
	});

	it('stay shared when the functions are sent on', async () => {
		let count = 5;
		const add = () => ++count;
		const read = () => count;
		const [addAgain, readAgain] = (await host.call((...both: unknown[]) => both, [add, read])) as [
			typeof add,
			typeof read,
		];
		addAgain();
		expect([readAgain(), count]).toEqual([6, 5]);
	});

	it('are one and the same where an argument is the same', async () => {
		const shared = { n: 1 };
		const use = (argument: object, list: object[]) => [
			argument === shared,
			list[0] === shared,
			list[0] === list[1],
		];
		expect(await host.call(use, [shared, [shared, shared]])).toEqual([true, true, true]);
	});

	it('that are objects are one object for all functions, whatever members each of them uses', async () => {
		const state = { n: 1, list: [1], inner: { a: 1, b: 2 }, last: 'x' };
		const change = () => {
			state.n++;
			state.inner.a = 10;
		};
		const read = () => [state.n, state.inner.a];
		const readInner = () => state.inner.b;
		const whole = (argument: typeof state) => [argument === state, Object.keys(state).join()];
		const use = (argument: typeof state) => {
			change();
			return [read(), readInner(), whole(argument), argument.n];
		};
		expect(await host.call(use, [state])).toEqual([[2, 10], 2, [true, 'n,list,inner,last'], 2]);
		const changeAndRead = () => {
			change();
			return read();
		};
		expect(await host.call(changeAndRead, [])).toEqual([2, 10]);
		expect(state.n).toBe(1);
	});

	it('that are given another object are read in part and whole', async () => {
		let current = { a: 1, b: 2 };
		const part = () => current.a;
		const whole = () => current;
		const replace = () => {
			current = { a: 3, b: 4 };
		};
		const use = () => {
			const before = [part(), whole()];
			replace();
			return [before, part(), whole()];
		};
		expect(await host.call(use, [])).toEqual([[1, { a: 1, b: 2 }], 3, { a: 3, b: 4 }]);
		expect(current.a).toBe(1);
	});

	it('start afresh at every call', async () => {
		let state = 0;
		const bump = () => ++state;
		expect([await host.call(bump, []), await host.call(bump, [])]).toEqual([1, 1]);
	});
});

describe('a function that assigns to a captured variable', () => {
	const host = hostFor('thread');

	it('is warned of once, by name and place, with the code CONC_LOST_WRITE', async () => {
		const warned: (Error & { code?: string })[] = [];
		const listener = (warning: Error & { code?: string }) => warned.push(warning);
		process.on('warning', listener);
		let lost = 0;
		const assigns = () => {
			lost++;
		};
		await host.call(assigns, []);
		await host.call(assigns, []);
		await vi.waitFor(() => expect(warned.some(({ message }) => message.includes('`assigns`'))).toBe(true));
		process.off('warning', listener);
		const ours = warned.filter(({ message }) => message.includes('`assigns`'));
		expect(ours).toHaveLength(1);
		expect(ours[0]?.code).toBe('CONC_LOST_WRITE');
		expect(ours[0]?.message).toMatch(/`assigns` \(test\/capture-time\.test\.ts:\d+:\d+\) assigns to `lost`/);
		expect(lost).toBe(0);
	});
});
