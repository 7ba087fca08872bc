export { echo, fib, next, spin } from '../../tasks.js';

export async function move(buffer: ArrayBuffer) {
	const { Piscina } = await import('piscina'); // here, so that the other tasks' workers start without it
	return Piscina.move(buffer);
}
