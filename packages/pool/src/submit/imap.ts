import { callSite, checkObject, kindOf, makeMapCall, prepare, readTimeout } from '@conc/core';
import { CancelledError } from '../errors.js';
import { type ImapOptions, positiveInteger } from '../options.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { ImapIterator } from '../settle/imap.js';
import { checkTarget, type Target } from './target.js';
import { readPriority, signalOf, Task } from './task.js';

/** An iterator that sends items in chunks as room comes. Its errors show the place of this call, not of a later draw. */
export function submitImap<T>(
	scheduler: Scheduler,
	fn: Target,
	items: Iterable<T> | AsyncIterable<T>,
	isOrdered: boolean,
	options: ImapOptions = {},
): ImapIterator<T, unknown> {
	scheduler.check();
	checkTarget(fn);
	checkObject('options', options);
	readTimeout(options);
	readPriority(options);
	const source = Object(items);
	if (typeof source[Symbol.iterator] !== 'function' && typeof source[Symbol.asyncIterator] !== 'function')
		throw new TypeError(`items must be iterable, not ${kindOf(items)}`);
	const { medium, size } = scheduler;
	const chunksize = positiveInteger('chunksize', options.chunksize, 1);
	const buffersize = positiveInteger('buffersize', options.buffersize, 2 * chunksize * size);
	scheduler.expect();
	const prepared = prepare(fn, medium);
	const site = callSite(submitImap);
	const iterator: ImapIterator<T, unknown> = new ImapIterator({
		items,
		chunksize,
		buffersize,
		isOrdered,
		signal: signalOf(options),
		submit(chunk) {
			const task = new Task(makeMapCall(prepared, chunk, 'map', medium, site), options);
			scheduler.submit(task, options);
			return task;
		},
		withdraw(tasks) {
			scheduler.withdraw(tasks, new CancelledError('the iteration ended early'));
		},
		finish() {
			forget();
			scheduler.release(prepared);
		},
	});
	const forget = scheduler.whenTerminated((reason) => iterator.cut(reason));
	return iterator;
}
