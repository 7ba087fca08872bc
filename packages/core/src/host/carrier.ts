import type { NearChannel } from '../channel/channel.js';
import type { Exit } from '../errors.js';

/** What a kind of host - thread or process - does in its own way. */
export interface Carrier {
	readonly channel: NearChannel;
	/** The process id, or the `threadId` of a thread. */
	readonly id: number;
	/** Settles when it is gone and everything it sent has been received. */
	readonly exited: Promise<Exit>;
	/** Asks the system, where it can be asked. */
	isAlive(): boolean;
	/** How it ended, if it has, as far as the system tells before the event. */
	ending(): Exit | null;
	/** Ends it at once; `SIGTERM` for a process unless said otherwise. */
	kill(signal?: NodeJS.Signals): void;
	ref(): void;
	unref(): void;
}
