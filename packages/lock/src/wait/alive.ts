import { type Registry, realm, type ThreadId } from '@conc/core';

/** For how long "it lives" is taken for granted: asking the kernel costs as much as a hundred locks. */
const FRESH_MS = 20;

const seenAlive = () => realm('lock seen alive', () => new WeakMap<Registry, Map<ThreadId, number>>());

/** Whether a thread lives, as of the last 20 ms. */
export function livesOn(registry: Registry, id: ThreadId): boolean {
	const seen = seenAlive().get(registry) ?? new Map<ThreadId, number>();
	seenAlive().set(registry, seen);
	const now = performance.now();
	if (now - (seen.get(id) ?? Number.NEGATIVE_INFINITY) < FRESH_MS) return true;
	if (registry.isAlive(id)) {
		seen.set(id, now);
		return true;
	}
	seen.delete(id);
	return false;
}
