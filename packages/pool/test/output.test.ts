import { describe, expect, it } from 'vitest';
import { kinds } from './support/pools.js';
import { start } from './support/programs.js';

describe.each(kinds)('what workers of a $name print', ({ name }) => {
	it('arrives whole and in order, also the last line before a worker dies', async () => {
		const { stdout } = await start('printing.mjs', [name]).ended;
		const lines = stdout.trimEnd().split('\n');
		expect(lines.at(-1)).toBe('end');
		for (const worker of [1, 2, 3]) {
			const own = lines.filter((line) => line.startsWith(`${worker}:`));
			const whole = Array.from({ length: 200 }, (_, n) => `${worker}:${n}:${'x'.repeat((n * 37) % 3_000)};`);
			expect(own).toEqual([...whole, `${worker}:last;`]);
		}
		expect(lines).toHaveLength(3 * 201 + 1);
	});
});
