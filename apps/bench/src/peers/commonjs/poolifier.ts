import { isMainThread } from 'node:worker_threads';
import { ClusterWorker, ThreadWorker } from 'poolifier';
import { echo, fib, next, spin } from '../../tasks.js';

const given =
	<T, R>(task: (value: T) => R) =>
	(value?: T) =>
		task(value as T);

const functions = { next: given(next), echo, move: echo, fib: given(fib), spin: given(spin) };

export default isMainThread ? new ClusterWorker(functions) : new ThreadWorker(functions);
