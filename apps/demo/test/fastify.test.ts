import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('fixtures/server.mjs', import.meta.url));

test.each(['processes', 'threads'])(
	'a hundred requests at once to a server with a pool of %s: each line of a worker bears the id of its own request',
	async (kind) => {
		const { stdout, stderr } = await execaNode(program, [kind], { nodeOptions: [] });
		const expected = Array.from({ length: 100 }, (_, n) => [
			`[request ${n}] begin ${n}`,
			`[request ${n}] end ${n}`,
		]);
		// By `apply` and by `map`.
		const lines = [...expected, ...expected].flat();
		expect(stdout.split('\n').sort()).toEqual([...lines, 'outside: undefined'].sort());
		expect(stderr).toBe('');
	},
);
