export { echo, fib, next, spin } from '../../tasks.js';

export async function move(value: ArrayBuffer | Uint8Array) {
	const { Tinypool } = await import('tinypool'); // here, so that the other tasks' workers start without it
	return value instanceof ArrayBuffer ? Tinypool.move(value) : value;
}
