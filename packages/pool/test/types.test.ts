import {
	type AsyncResult,
	asCompleted,
	type CurrentTask,
	currentTask,
	Pool,
	type PoolOptions,
	type StreamOptions,
	ThreadPool,
	wait,
} from '@conc/pool';
import { expectTypeOf, it } from 'vitest';

const add = (a: number, b: number) => a + b;
const later = async (text: string) => text.length;

// What follows is checked by the compiler only, and never run.
const _ = {
	calls(pool: Pool) {
		expectTypeOf(pool.apply(() => 1)).toEqualTypeOf<Promise<number>>();
		expectTypeOf(pool.apply(() => 1, [])).toEqualTypeOf<Promise<number>>();
		expectTypeOf(pool.apply(add, [1, 2])).toEqualTypeOf<Promise<number>>();
		expectTypeOf(pool.apply(later, ['a'], { timeout: 1, name: 'b' })).toEqualTypeOf<Promise<number>>();
		expectTypeOf(pool.apply(add, [1, 2] as const)).toEqualTypeOf<Promise<number>>();
		expectTypeOf(pool.apply((n: number, more?: string) => `${n}${more}`, [1])).toEqualTypeOf<
			Promise<string>
		>();
		// @ts-expect-error an argument is missing
		void pool.apply(add, [1]);
		// @ts-expect-error an argument is of another type
		void pool.apply(add, [1, '2']);
		// @ts-expect-error no arguments at all
		void pool.apply(add);
		// @ts-expect-error a map's option
		void pool.apply(add, [1, 2], { chunksize: 2 });
	},
	results(pool: Pool) {
		const result = pool.applyAsync(later, ['a'], {
			callback: (value) => expectTypeOf(value).toEqualTypeOf<number>(),
			errorCallback: (error) => expectTypeOf(error).toEqualTypeOf<unknown>(),
		});
		expectTypeOf(result).toEqualTypeOf<AsyncResult<number>>();
		expectTypeOf(result).toExtend<Promise<number>>();
		expectTypeOf(result.get({ timeout: 1 })).toEqualTypeOf<Promise<number>>();
		expectTypeOf(result.wait()).toEqualTypeOf<Promise<boolean>>();
		expectTypeOf(result.ready).toEqualTypeOf<boolean>();
		expectTypeOf(result.successful).toEqualTypeOf<boolean>();
		expectTypeOf(result.cancel()).toEqualTypeOf<boolean>();
		expectTypeOf(result.then(String)).toEqualTypeOf<Promise<string>>();
		// @ts-expect-error not the type of the result
		pool.applyAsync(later, ['a'], { callback: (value: string) => value });
	},
	blocking(pool: Pool) {
		expectTypeOf(pool.applySync(add, [1, 2])).toEqualTypeOf<number>();
		expectTypeOf(pool.applySync(later, ['a'], { timeout: 5 })).toEqualTypeOf<number>();
		expectTypeOf(pool.mapSync(later, ['a'])).toEqualTypeOf<number[]>();
		expectTypeOf(pool.starmapSync(add, [[1, 2]])).toEqualTypeOf<number[]>();
		expectTypeOf(pool.applyAsync(later, ['a']).getSync({ timeout: 5 })).toEqualTypeOf<number>();
		// @ts-expect-error an argument is missing
		pool.applySync(add, [1]);
	},
	async several(pool: Pool) {
		const mapped = pool.mapAsync(later, ['a'], {
			chunksize: 2,
			callback: (value) => expectTypeOf(value).toEqualTypeOf<number[]>(),
			onProgress: ({ done, total }) => expectTypeOf([done, total]).toEqualTypeOf<number[]>(),
		});
		expectTypeOf(mapped).toEqualTypeOf<AsyncResult<number[]>>();
		expectTypeOf(pool.starmapAsync(add, [[1, 2]])).toEqualTypeOf<AsyncResult<number[]>>();
		for await (const one of asCompleted([pool.apply(add, [1, 2]), mapped])) {
			expectTypeOf(one.index).toEqualTypeOf<number>();
			if (one.status === 'fulfilled') expectTypeOf(one.value).toEqualTypeOf<number | number[]>();
		}
		const { done } = await wait([mapped], { returnWhen: 'firstException' });
		expectTypeOf(done).toEqualTypeOf<AsyncResult<number[]>[]>();
		// @ts-expect-error there is no such condition
		await wait([mapped], { returnWhen: 'ALL_COMPLETED' });
	},
	maps(pool: ThreadPool) {
		expectTypeOf(pool.map((n) => n * 2, [1, 2])).toEqualTypeOf<Promise<number[]>>();
		expectTypeOf(pool.map(later, new Set(['a']), { chunksize: 2 })).toEqualTypeOf<Promise<number[]>>();
		expectTypeOf(pool.starmap(add, [[1, 2]])).toEqualTypeOf<Promise<number[]>>();
		expectTypeOf(pool.starmap((a: string, b?: number) => a + b, [['a']])).toEqualTypeOf<Promise<string[]>>();
		// @ts-expect-error the items are of another type
		void pool.map(later, [1]);
		// @ts-expect-error the function says what the items are, not the other way round
		void pool.starmap(add, [[1, 'b']]);
		// @ts-expect-error an asynchronous input is for imap
		void pool.map(later, (async function* () {})());
	},
	async iterations(pool: Pool) {
		expectTypeOf(pool.imap(later, ['a'])).toEqualTypeOf<AsyncIterableIterator<number>>();
		async function* input() {
			yield 'a';
		}
		for await (const length of pool.imapUnordered(later, input(), { buffersize: 2 }))
			expectTypeOf(length).toEqualTypeOf<number>();
		// @ts-expect-error a task's option
		pool.imap(later, ['a'], { transfer: [] });
	},
	async streams(pool: Pool | ThreadPool) {
		function* lengths(...texts: string[]) {
			for (const text of texts) yield text.length;
			return 'the end';
		}
		async function* later(text: string, more?: number) {
			yield { text, more };
		}
		expectTypeOf(pool.stream(lengths, ['a', 'b'])).toEqualTypeOf<AsyncIterableIterator<number>>();
		expectTypeOf(pool.stream(lengths)).toEqualTypeOf<AsyncIterableIterator<number>>();
		for await (const item of pool.stream(later, ['a'], { buffersize: 2, timeout: 1, name: 'b' }))
			expectTypeOf(item).toEqualTypeOf<{ text: string; more: number | undefined }>();
		expectTypeOf(pool.stream(() => [1])).toEqualTypeOf<AsyncIterableIterator<number>>();
		expectTypeOf(pool.stream(() => 'ab')).toEqualTypeOf<AsyncIterableIterator<string>>();
		expectTypeOf(pool.stream(async () => new Set([1]))).toEqualTypeOf<AsyncIterableIterator<number>>();
		expectTypeOf(pool.stream(async () => later('a'))).toExtend<AsyncIterableIterator<{ text: string }>>();
		expectTypeOf(pool.stream(() => [Promise.resolve(1), 2])).toEqualTypeOf<AsyncIterableIterator<number>>();
		const options: StreamOptions = { signal: AbortSignal.abort(), priority: 1, transfer: [] };
		pool.stream(later, ['a', 2] as const, { ...options, onProgress: (value) => value });
		// @ts-expect-error an argument is missing
		pool.stream(later);
		// @ts-expect-error an argument is of another type
		pool.stream(later, [1]);
		// @ts-expect-error nothing to iterate
		pool.stream(() => 1);
		// @ts-expect-error a map's option
		pool.stream(later, ['a'], { chunksize: 2 });
		// @ts-expect-error a stream's option
		void pool.apply(add, [1, 2], { buffersize: 2 });
	},
	tasks(pool: Pool) {
		const task = currentTask();
		expectTypeOf(task).toEqualTypeOf<CurrentTask | null>();
		expectTypeOf(task?.name).toEqualTypeOf<string | undefined>();
		expectTypeOf(task?.signal).toEqualTypeOf<AbortSignal | undefined>();
		void pool.apply(add, [1, 2], {
			onProgress: (value) => expectTypeOf(value).toEqualTypeOf<unknown>(),
		});
		pool.applyAsync(later, ['a'], { onProgress: async (value: unknown) => void value });
		// @ts-expect-error what a task reports may be anything
		void pool.apply(add, [1, 2], { onProgress: (value: number) => value });
		// @ts-expect-error not a function
		void pool.apply(add, [1, 2], { onProgress: 'log' });
		// @ts-expect-error it is not null where no task runs, but may be
		task.progress(1);
		// @ts-expect-error not to be written
		if (task !== null) task.name = 'a';
	},
	pools() {
		const options: PoolOptions = { workers: 2, env: {}, execArgv: [], gracePeriod: 1 };
		const made = [
			new Pool(),
			new Pool(2),
			new Pool(options),
			new Pool({ initializer: () => {} }),
			new Pool({ initializer: add, initargs: [1, 2] }),
			new Pool({ initializer: (url: string) => url, initargs: ['a'], resourceLimits: {} }),
		];
		expectTypeOf(made).toExtend<Pool[]>();
		const threads: ThreadPool = new ThreadPool({ initializer: later, initargs: ['a'] });
		// @ts-expect-error the arguments of the initializer are missing
		new Pool({ initializer: add });
		// @ts-expect-error they are of another type
		new Pool({ initializer: add, initargs: [1, '2'] });
		// @ts-expect-error not a number
		new Pool('2');
		// @ts-expect-error an option that is none
		new Pool({ worker: 2 });
		return threads;
	},
};

it('types are checked by the compiler', () => {
	expectTypeOf(_).not.toBeAny();
});
