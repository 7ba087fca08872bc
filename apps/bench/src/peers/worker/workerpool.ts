import workerpool from 'workerpool';
import { echo, fib, next, spin } from '../../tasks.js';

const move = (value: ArrayBuffer | Uint8Array) =>
	value instanceof ArrayBuffer ? new workerpool.Transfer(value, [value]) : value;

workerpool.worker({ next, echo, move, fib, spin });
