import { Thread } from '@conc/thread';
import { expectTypeOf, it } from 'vitest';

it('result has the type of what the target returns', () => {
	expectTypeOf(new Thread({ target: () => 1 }).result).resolves.toBeNumber();
	expectTypeOf(new Thread({ target: async () => 'a' }).result).resolves.toBeString();
	expectTypeOf(
		new Thread({ target: (a: number, b: string) => [a, b], args: [1, 'b'] }).result,
	).resolves.toEqualTypeOf<(number | string)[]>();
	expectTypeOf(new Thread({ target: () => 1 }).start().result).resolves.toBeNumber();
});

it('arguments are those of the target', () => {
	const target = (n: number, s?: string) => `${n}${s}`;
	const accepted = () => [
		new Thread({ target, args: [1] }),
		new Thread({ target, args: [1, 's'] as const }),
		new Thread({ target: () => 1, args: [] }),
	];
	expectTypeOf(accepted).toBeFunction();
	const refused = () => [
		// @ts-expect-error a string is no number
		new Thread({ target, args: ['1'] }),
		// @ts-expect-error too many
		new Thread({ target, args: [1, 's', 2] }),
		// @ts-expect-error the target needs an argument
		new Thread({ target }),
		// @ts-expect-error there is no such option
		new Thread({ target: () => 1, cwd: '/' }),
	];
	expectTypeOf(refused).toBeFunction();
});

it('a Thread of anything can be named, and waits give truth values', () => {
	const threads: Thread[] = [];
	const use = (thread: Thread) => {
		threads.push(thread, new Thread({ target: (n: number) => n, args: [1] }));
		return { join: thread.join({ timeout: 1 }), joinSync: thread.joinSync(), end: thread.terminate() };
	};
	expectTypeOf(use).returns.toEqualTypeOf<{
		join: Promise<boolean>;
		joinSync: boolean;
		end: Promise<void>;
	}>();
	expectTypeOf((thread: Thread) => {
		// @ts-expect-error a state is read, not set
		thread.daemon = true;
	}).toBeFunction();
	// @ts-expect-error a blocking wait takes no signal
	expectTypeOf((thread: Thread) => thread.joinSync({ signal: AbortSignal.abort() })).toBeFunction();
	expectTypeOf<Thread['nativeId']>().toEqualTypeOf<number | null>();
});
