import { type Registry, realm, type ThreadId } from '@conc/core';

/** For how long "it lives" is taken for granted: asking the kernel costs as much as a hundred locks. */
const FRESH_MS = 20;

const seenAlive = () => realm('lock seen alive', () => new WeakMap<Registry, Map<ThreadId, number>>());

/** Whether a thread lives, as of the last 20 ms where its end was not noted. */
export function livesOn(registry: Registry, id: ThreadId): boolean {
	const seen = seenAlive().get(registry) ?? new Map<ThreadId, number>();
	seenAlive().set(registry, seen);
	const now = performance.now();
	const isFresh = now - (seen.get(id) ?? Number.NEGATIVE_INFINITY) < FRESH_MS;
	if (isFresh && !registry.hasEnded(id)) return true;
	if (registry.isAlive(id)) {
		seen.set(id, now);
		return true;
	}
	seen.delete(id);
	return false;
}
