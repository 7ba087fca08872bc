import {
	activeCount,
	currentThread,
	type Excepthook,
	enumerate,
	getIdent,
	getNativeId,
	mainThread,
	setExcepthook,
	Thread,
	type ThreadHandle,
	Timer,
} from '@conc/thread';
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

it('a Timer takes its function with its arguments, and may have been cancelled', () => {
	expectTypeOf(new Timer(1, () => 1).result).toEqualTypeOf<Promise<number | undefined>>();
	expectTypeOf(new Timer(1, async (a: number) => `${a}`, [1]).start().result).toEqualTypeOf<
		Promise<string | undefined>
	>();
	expectTypeOf<Timer>().toExtend<Thread>();
	expectTypeOf<Timer['cancel']>().returns.toBeBoolean();
	const fn = (n: number, s?: string) => `${n}${s}`;
	const accepted = () => [
		new Timer(1, fn, [1]),
		new Timer(1, fn, [1, 's'] as const),
		new Timer(1, () => 1, [], { name: 'alarm', daemon: true, stdout: 1 }),
	];
	expectTypeOf(accepted).toBeFunction();
	const refused = () => [
		// @ts-expect-error a string is no number
		new Timer(1, fn, ['1']),
		// @ts-expect-error the function needs an argument
		new Timer(1, fn),
		// @ts-expect-error a time is a number
		new Timer('1', () => 1),
		// @ts-expect-error the function is given by itself
		new Timer(1, () => 1, [], { target: () => 2 }),
	];
	expectTypeOf(refused).toBeFunction();
});

it('a hook is given an error and a thread, and the one before is a hook', () => {
	expectTypeOf(setExcepthook).parameter(0).toEqualTypeOf<Excepthook>();
	expectTypeOf(setExcepthook).returns.toEqualTypeOf<Excepthook>();
	const use = () => {
		setExcepthook(({ error, thread }) => {
			expectTypeOf(error).toBeUnknown();
			expectTypeOf(thread).toEqualTypeOf<ThreadHandle>();
		});
		setExcepthook(async ({ thread }) => console.log(thread.name));
		// @ts-expect-error nothing is given that is called so
		setExcepthook(({ reason }) => reason);
		// @ts-expect-error there is always a hook
		setExcepthook(null);
	};
	expectTypeOf(use).toBeFunction();
});

it('threads as others see them have one type, and a Thread is one of them', () => {
	expectTypeOf(enumerate).returns.toEqualTypeOf<ThreadHandle[]>();
	expectTypeOf(activeCount).returns.toBeNumber();
	expectTypeOf(currentThread).returns.toEqualTypeOf<ThreadHandle>();
	expectTypeOf(mainThread).returns.toEqualTypeOf<ThreadHandle>();
	expectTypeOf(getIdent).returns.toBeNumber();
	expectTypeOf(getNativeId).returns.toEqualTypeOf<number | null>();
	expectTypeOf<Thread>().toExtend<ThreadHandle>();
	expectTypeOf((handle: ThreadHandle) => [handle.join({ timeout: 1 }), handle.joinSync()]).toBeFunction();
	const refused = (handle: ThreadHandle) => {
		// @ts-expect-error only the one that started a thread has what it returns
		void handle.result;
		// @ts-expect-error a name is given to the constructor
		handle.name = 'other';
		// @ts-expect-error a descriptor is a number
		return new Thread({ target: () => 1, stdout: 'worker.log' });
	};
	expectTypeOf(refused).toBeFunction();
});
