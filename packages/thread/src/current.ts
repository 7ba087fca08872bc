import { here, ownTid, Registry, realm, threadName } from '@conc/core';
import { handleOf, type ThreadHandle } from './handle.js';

/**
 * The thread that asks: `MainThread`, a Thread, a pool's worker, or a `Worker` of Node's own, which is `Worker-1` and so
 * on by its `threadId`. (`threading.current_thread`)
 */
export function currentThread(): ThreadHandle {
	return realm('current thread', () => {
		const { kind, daemon } = here();
		return handleOf(Registry.ours().self(), { name: threadName(), daemon: kind === 'thread' && daemon });
	});
}

/**
 * The main thread of this process, whichever thread asks; in the main thread itself it is `currentThread()`.
 * (`threading.main_thread`)
 */
export function mainThread(): ThreadHandle {
	const label = Registry.ours().labelOf(Registry.main);
	return handleOf(Registry.main, label ?? { name: 'MainThread', daemon: false });
}

/** A number no other living thread of the process has. (`threading.get_ident`) */
export function getIdent(): number {
	return Registry.ours().self();
}

/** The kernel's id of the calling thread on Linux, null elsewhere. (`threading.get_native_id`) */
export function getNativeId(): number | null {
	return ownTid() || null;
}
