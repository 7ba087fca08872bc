const { hrtime } = process;

/**
 * Milliseconds on a clock that only goes forward, one for all threads. It tells what `performance.now()` tells, which Node takes a millisecond
 * to load at its first use: a thread or process that runs one call need not.
 */
export function now(): number {
	const [seconds, nanoseconds] = hrtime();
	return seconds * 1e3 + nanoseconds / 1e6;
}
