/** A process whose memory things live in, and where its broker is found. */
export interface Home {
	/** Where the broker listens: the file of a socket, or a TCP port. */
	readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
	/** The secret of those who may come; null where the file of the socket is only this user's. */
	readonly authkey: Uint8Array | null;
	/** Of a process whose broker may still be starting; 0 where it listens by now. */
	readonly pid: number;
	/** `MainProcess (pid 17)`, for messages. */
	readonly name: string;
}

/** What tells one home from another. */
export function keyOf({ at }: Home): string {
	return 'path' in at ? at.path : `${at.host}:${at.port}`;
}

/** What crosses to another process in place of something that lives in this one's memory. */
export interface FarHandle {
	readonly home: Home;
	/** Under which the broker knows it. */
	readonly id: number;
	/** For messages: `Lock "jobs"`. */
	readonly label: string;
	/** What never changes of it, so that nobody need ask. */
	readonly detail: unknown;
}

/** Whether a handle is that of something in another process's memory. */
export function isFar(handle: object): handle is FarHandle {
	return 'home' in handle;
}
