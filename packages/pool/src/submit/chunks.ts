/** Cuts items into chunks of `size`. */
export function chunksOf<T>(items: readonly T[], size: number): T[][] {
	const chunks: T[][] = [];
	for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
	return chunks;
}

/** Python's choice: four chunks for each worker, so that an uneven load still spreads. */
export function defaultChunksize(items: number, workers: number): number {
	return Math.max(1, Math.ceil(items / (4 * workers)));
}
