/** A process whose memory things live in, and where its broker is found. */
export interface Home {
	/** The broker's socket: in a directory that only this user may look into. */
	readonly socket: string;
	readonly pid: number;
	/** `MainProcess`, `Process-1`. */
	readonly name: string;
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
