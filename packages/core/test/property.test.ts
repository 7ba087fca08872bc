import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostFor } from './support/hosts.js';

describe('any plain data', () => {
	const hosts = [hostFor('thread'), hostFor('process')];
	// Node 20 holds an invalid date unequal to itself; that one crosses, another test says.
	const isComparable = (value: unknown) => !inspect(value, { depth: null }).includes('Invalid Date');
	const anything = fc.anything({
		withBigInt: true,
		withBoxedValues: true,
		withDate: true,
		withMap: true,
		withSet: true,
		withSparseArray: true,
		withTypedArray: true,
		withNullPrototype: true,
	});
	const data = anything.filter(isComparable);

	it('is the same on both sides and on the way back, on a thread as on a process', async () => {
		const there = (value: unknown, label: string) => ({ value, label, keep: value });
		const property = fc.asyncProperty(data, async (value) => {
			const [onThread, onProcess] = (await Promise.all(
				hosts.map((host) => host.call(there, [value, 'x'])),
			)) as ReturnType<typeof there>[];
			expect(isDeepStrictEqual(onThread, onProcess)).toBe(true);
			expect(isDeepStrictEqual(onThread?.value, value)).toBe(true);
			expect(onProcess?.keep).toBe(onProcess?.value);
		});
		await fc.assert(property, { numRuns: 300 });
	});

	it('is the same when functions and instances are among it', async () => {
		class Box {
			constructor(readonly content: unknown) {}
		}
		const open = (box: Box, unwrap: (box: Box) => unknown) => [unwrap(box), box instanceof Box, box];
		const property = fc.asyncProperty(data, async (value) => {
			for (const host of hosts) {
				const [content, isBox, box] = (await host.call(open, [new Box(value), (it: Box) => it.content])) as [
					unknown,
					boolean,
					Box,
				];
				expect(isDeepStrictEqual(content, value)).toBe(true);
				expect(isBox && box instanceof Box && box.content === content).toBe(
					typeof value !== 'number' || !Number.isNaN(value),
				);
			}
		});
		await fc.assert(property, { numRuns: 150 });
	});
});
