import { checkObject } from '@conc/core';
import { CancelledError } from '../errors.js';
import { positiveInteger, type StreamOptions } from '../options.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { StreamIterator } from '../settle/stream.js';
import { makeTask } from './apply.js';
import { checkFunction, type Target } from './target.js';

/** What a stream can be made of. */
export type Streamed<R> =
	| Iterable<R>
	| AsyncIterable<R>
	| Iterator<R>
	| AsyncIterator<R>
	| Promise<Iterable<R> | AsyncIterable<R>>;

const BUFFERSIZE = 16;

/** An iterator over what a generator makes in a worker. */
export function submitStream(
	scheduler: Scheduler,
	fn: Target,
	args: unknown,
	options: StreamOptions,
): StreamIterator {
	checkFunction(fn);
	checkObject('options', options);
	const buffersize = positiveInteger('buffersize', options.buffersize, BUFFERSIZE);
	const task = makeTask(scheduler, fn, args, options, 'stream');
	const cancel = () => void scheduler.cancel(task, new CancelledError('the iteration ended early'));
	const stream = new StreamIterator(task, buffersize, scheduler.gracePeriod, cancel);
	task.stream = stream;
	scheduler.submit(task, options);
	return stream;
}
