/** What the peers' workers do, by name; our pools are handed these or closures that do the same. */

export function next(n: number): number {
	return n + 1;
}

export function echo<T>(value: T): T {
	return value;
}

export function fib(n: number): number {
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** Work of so many steps: how long a step takes is measured first, so that a step costs CPU and not time. */
export function spin(steps: number): number {
	let x = 1;
	for (let i = 0; i < steps; i++) x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff;
	return x;
}

/** `move` gives back what it was given, without a copy where the peer can. */
export type TaskName = 'next' | 'echo' | 'move' | 'fib' | 'spin';
