import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Local } from '@conc/local';
import { expect, test } from 'vitest';
import { handleFor } from './helpers.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Settles when the target is collected; a target that never is fails the test by its time limit. */
async function collected(target: WeakRef<object>): Promise<boolean> {
	while (target.deref() !== undefined) {
		await turn();
		collectGarbage();
	}
	return true;
}

function useAndForget(use: (local: { big?: object }) => void): WeakRef<object> {
	const local = new Local<{ big: object }>({ name: 'forgotten' });
	const big = {};
	local.big = big;
	use(local);
	return new WeakRef(big);
}

test.each([
	['used', () => undefined],
	['sent', handleFor],
	['run', (local: { big?: object }) => (local as Local<{ big: object }>).run({}, () => undefined)],
])('a Local that nobody holds is collected with its values: after it was %s', async (_how, use) => {
	expect(await collected(useAndForget(use))).toBe(true);
});
