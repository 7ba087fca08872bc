const { hrtime } = process;

/**
 * Milliseconds on a clock that only goes forward, one for all threads. It runs as `performance.now()` does but begins
 * elsewhere, so what the two tell is never compared. That one Node takes a millisecond to load at its first use: a thread
 * or process that runs one call need not.
 */
export function now(): number {
	const [seconds, nanoseconds] = hrtime();
	return seconds * 1e3 + nanoseconds / 1e6;
}
