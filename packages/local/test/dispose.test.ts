import { describe, expect, test } from 'vitest';
import { inProcess } from './helpers.js';

describe.each([
	['thread', 'start-dispose'],
	['process', 'dispose-at-end'],
])('when a %s ends, dispose is called', (_where, fixture) => {
	const both = ['disposed first', 'disposed second'];

	test.each(['by itself', 'exit', 'throw', 'scope'])(
		'once for the values that were used: %s',
		async (way) => {
			const printed = await inProcess(fixture, way);
			expect(printed.filter((line) => line.startsWith('disposed'))).toEqual(both);
		},
	);

	test('not again for what was cleared', async () => {
		expect(await inProcess(fixture, 'clear')).toEqual(both.toReversed());
	});

	test('by each of two Locals that have the same values', async () => {
		const shared = ['disposed shared by one', 'disposed shared by other'];
		expect(await inProcess(fixture, 'shared')).toEqual([...both, ...shared]);
		const [one, other] = shared;
		expect(await inProcess(fixture, 'shared and cleared')).toEqual([other, 'cleared other', ...both, one]);
	});

	test('also when another one throws', async () => {
		const printed = await inProcess(fixture, 'dispose throws');
		expect(printed).toEqual(expect.arrayContaining(both));
	});
});

test('what dispose throws at the end of a thread is the error of the thread', async () => {
	expect(await inProcess('start-dispose', 'dispose throws')).toContain('error cannot dispose first');
});
