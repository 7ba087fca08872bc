import {
	type CurrentProcess,
	currentProcess,
	type ParentProcess,
	Process,
	parentProcess,
} from '@conc/process';
import { expectTypeOf, it } from 'vitest';

it('result has the type of what the target returns', () => {
	expectTypeOf(new Process({ target: () => 1 }).result).resolves.toBeNumber();
	expectTypeOf(new Process({ target: async () => 'a' }).result).resolves.toBeString();
	const { result } = new Process({ target: (a: number, b: string) => [a, b], args: [1, 'b'] });
	expectTypeOf(result).resolves.toEqualTypeOf<(number | string)[]>();
});

it('arguments and options are what the target and the system take', () => {
	const target = (n: number, s?: string) => `${n}${s}`;
	const accepted = () => [
		new Process({ target, args: [1] }),
		new Process({ target, args: [1, 's'] as const, stdio: ['ignore', 1, process.stderr], env: { A: '1' } }),
		new Process({
			target: () => 1,
			args: [],
			stdio: 'ignore',
			resourceLimits: { maxOldGenerationSizeMb: 9 },
		}),
	];
	expectTypeOf(accepted).toBeFunction();
	const refused = () => [
		// @ts-expect-error a string is no number
		new Process({ target, args: ['1'] }),
		// @ts-expect-error too many
		new Process({ target, args: [1, 's', 2] }),
		// @ts-expect-error nobody would read it
		new Process({ target: () => 1, stdio: 'pipe' }),
		// @ts-expect-error there is no such option
		new Process({ target: () => 1, transfer: [] }),
	];
	expectTypeOf(refused).toBeFunction();
});

it('states are read, and waits give truth values', () => {
	const use = (child: Process) => ({
		join: child.join({ timeout: 1, signal: AbortSignal.abort() }),
		joinSync: child.joinSync(),
		ends: [child.terminate(), child.kill()],
		end: [child.exitCode, child.signalCode, child.pid] as const,
	});
	expectTypeOf(use).returns.toEqualTypeOf<{
		join: Promise<boolean>;
		joinSync: boolean;
		ends: Promise<void>[];
		end: readonly [number | null, NodeJS.Signals | null, number | undefined];
	}>();
	expectTypeOf((child: Process) => {
		// @ts-expect-error a state is read, not set
		child.daemon = true;
	}).toBeFunction();
	expectTypeOf(currentProcess()).toEqualTypeOf<CurrentProcess>();
	expectTypeOf(parentProcess()).toEqualTypeOf<ParentProcess | null>();
});
