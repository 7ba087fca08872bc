import { checkKind, checkObject, kindOf, makeCall, readTimeout } from '@conc/core';
import type { AsyncOptions } from '../options.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { Callbacks } from './callbacks.js';
import { checkTarget, type Target } from './target.js';
import { readPriority, signalOf, Task } from './task.js';

/** Takes one call as it is now. Bad input throws before anything is taken over or sent. */
export function submitTask(
	scheduler: Scheduler,
	fn: Target,
	args: unknown,
	options: AsyncOptions<never>,
): Task {
	checkTarget(fn);
	const task = makeTask(scheduler, fn, args, options, 'apply');
	scheduler.submit(task, options);
	return task;
}

/** What is to be submitted. */
export function makeTask(
	scheduler: Scheduler,
	fn: Target,
	args: unknown,
	options: AsyncOptions<never>,
	mode: 'apply' | 'stream',
): Task {
	scheduler.check();
	if (options !== NONE) check(options);
	if (!Array.isArray(args)) throw new TypeError(`args must be an array, not ${kindOf(args)}`);
	scheduler.checkRoom(1);
	// What a call that was aborted before would transfer stays where it is.
	const isAborted = signalOf(options)?.aborted === true;
	const { name, transfer } = isAborted ? NONE : options;
	scheduler.expect();
	const call = makeCall(fn, isAborted ? [] : args, scheduler.medium, { transfer, name, mode });
	return new Task(call, options);
}

/** The options of a call without any. */
export const NONE: AsyncOptions<never> = Object.freeze({});

function check(options: AsyncOptions<never>): void {
	checkObject('options', options);
	checkKind('name', 'a string', options.name, typeof options.name === 'string');
	readPriority(options);
	readTimeout(options);
	Callbacks.of(options);
	checkKind('onProgress', 'a function', options.onProgress, typeof options.onProgress === 'function');
}
