import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a file that a child prints to holds this. */
export async function printing(read: () => string, text: string): Promise<void> {
	while (read() !== text) await sleep(2);
}
