/** Which way a value goes: to another thread of this process, or to another process. */
export type Medium = 'thread' | 'process';

/** The method by which an instance says how it crosses. */
export const share: unique symbol = Symbol.for('@conc/share') as never;

/** The method of an instance that is told each time it was sent to somebody; gives what takes that back. */
export const sent: unique symbol = Symbol.for('@conc/sent') as never;

/** The static method by which its class makes the instance of the other side. */
export const revive: unique symbol = Symbol.for('@conc/revive') as never;

/**
 * An object that is not copied when it crosses: the other side gets *the same* lock, queue or value.
 *
 * `[share]` returns a handle, any value that can cross (a SharedArrayBuffer towards a thread). The class has a static
 * `[revive](handle)` that turns it into the instance of the other side. Where the object cannot go, `[share]` throws
 * a `CannotCross`, and the call that sent it throws a CaptureError with the path to it.
 */
export interface Shareable {
	[share](to: Medium): unknown;
	/** Handles may be made that are never sent. */
	[sent]?(): (() => void) | undefined;
}

/** A payload goes to somebody, with all that is in it; gives what takes that back, where it does not after all. */
export function tellSent({ shareables }: { readonly shareables: readonly Shareable[] }): () => void {
	const takeBacks = shareables.map((shareable) => shareable[sent]?.());
	return () => {
		for (const takeBack of takeBacks) takeBack?.();
	};
}

/** The class of a Shareable. */
export interface ShareableClass<Handle> {
	[revive](handle: Handle): Shareable;
}

export function isShareable(value: unknown): value is Shareable {
	if (typeof value !== 'object' || value === null) return false;
	try {
		return share in value;
	} catch {
		return false; // a Proxy that refuses to be looked at
	}
}
