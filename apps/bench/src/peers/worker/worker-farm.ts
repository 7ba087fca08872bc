import * as tasks from '../../tasks.js';

const answering =
	<T, R>(task: (value: T) => R) =>
	(value: T, callback: (error: null, result: R) => void) =>
		callback(null, task(value));

export const next = answering(tasks.next);
export const echo = answering(tasks.echo);
export const move = answering(tasks.echo);
export const fib = answering(tasks.fib);
export const spin = answering(tasks.spin);
