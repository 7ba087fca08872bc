import { AsyncResource } from 'node:async_hooks';
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

test('scopes that are entered within one another for ever hold the last of each Local', async () => {
	const [one, other] = [new Local<{ big: object }>(), new Local<{ big: object }>()];
	const seen: WeakRef<object>[] = [];
	const last = await new Promise<() => unknown>((done) => {
		const again = (times: number): void => {
			one.run({ big: {} }, () =>
				other.run({ big: {} }, () => {
					seen.push(new WeakRef(one.big as object), new WeakRef(other.big as object));
					if (times === 0) done(AsyncResource.bind(() => one.big));
					else setImmediate(again, times - 1);
				}),
			);
		};
		again(10);
	});
	for (const before of seen.slice(0, -2)) expect(await collected(before)).toBe(true);
	expect(last()).toBe(seen.at(-2)?.deref());
	expect(last()).toBeDefined();
});
